"""Microsoft's client of Azure Quantum against `qgan emulate azure`, by hand:

  python3 -m venv VENV; VENV/bin/pip install -r referee/azure.txt; VENV/bin/python referee/azurequantum.py --qgan bin/qgan

Exits 1 where a check fails.
"""
import argparse, math, os, subprocess, sys
from collections import Counter
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.quantum import Workspace

a = argparse.ArgumentParser(); a.add_argument("--qgan", required=True); args = a.parse_args()
bad = []
def check(name, ok, shown=""):
    print("ok  " if ok else "FAIL", name, shown, flush=True)
    if not ok: bad.append(name)

BELL = 'OPENQASM 2.0;\ninclude "hqslib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\nCX q[0],q[1];\nmeasure q->c;\n'
NATIVE = 'OPENQASM 2.0;\ninclude "hqslib1.inc";\nqreg q[3];\ncreg a[2];\ncreg b[1];\nU1q(%r,0) q[0];\nrz(0.3) q[1];\nRZZ(0.4) q[0],q[1];\nmeasure q[0] -> a[0];\nmeasure q[1] -> a[1];\nmeasure q[2] -> b[0];\n' % math.pi
p = subprocess.Popen([os.path.abspath(args.qgan), "emulate", "azure", "--ideal"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
slow = subprocess.Popen([os.path.abspath(args.qgan), "emulate", "azure", "--queue", "60s"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
def workspace(process_url, key="dummykey"):
    return Workspace(subscription_id="11111111-1111-1111-1111-111111111111", resource_group="rg", name="ws", location="eastus", credential=AzureKeyCredential(key), _quantum_endpoint=process_url + "/", _from_connection_string=True)
try:
    url, late = p.stdout.readline().strip(), slow.stdout.readline().strip()
    ws = workspace(url)
    names = sorted(t.name for t in ws.get_targets())
    check("targets", names == ["ionq.qpu.emulated", "ionq.simulator", "quantinuum.qpu.emulated"], names)
    j = ws.get_targets(name="ionq.simulator").submit({"qubits": 2, "gateset": "qis", "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]}, name="bell", shots=200)
    law = j.get_results(timeout_secs=60)["histogram"]
    check("IonQ's simulator", set(law) == {"0", "3"} and all(abs(x - 0.5) < 1e-12 for x in law.values()), law)
    t = ws.get_targets(name="quantinuum.qpu.emulated")
    shots = Counter(t.submit(BELL, name="bell", shots=2000).get_results(timeout_secs=60)["c"])
    check("Quantinuum, gates that are compiled", set(shots) == {"00", "11"} and abs(shots["00"] - 1000) < 4 * math.sqrt(500), dict(shots))
    r = t.submit(NATIVE, name="native", shots=20).get_results(timeout_secs=60)
    check("Quantinuum, native gates, two registers", set(r["a"]) == {"01"} and set(r["b"]) == {"0"} and len(r["a"]) == 20)
    listed = list(ws.list_jobs())
    check("jobs are listed, the newest first", [x.details.name for x in listed] == ["native", "bell", "bell"])
    j = t.submit("OPENQASM 2.0;\nnonsense", name="bad", shots=2); j.wait_until_completed(timeout_secs=60)
    check("a program that is none fails with its cause", j.details.status == "Failed" and "nonsense" in j.details.error_data.message, j.details.error_data.code)
    check("cost", listed[0].details.cost_estimate.estimated_total == 0)
    for name, what, error in [("an unknown job", lambda: ws.get_job("22222222-2222-4222-8222-222222222222"), ResourceNotFoundError), ("a wrong key", lambda: workspace(url, "other").get_targets(), ClientAuthenticationError),
                              ("no shots", lambda: t.submit(BELL, name="none", shots=-1), HttpResponseError)]:
        try: what(); check(name, False, "no error")
        except error as e: check(name, True, type(e).__name__)
        except Exception as e: check(name, False, f"{type(e).__name__}: {e}"[:200])
    ws = workspace(late)
    j = ws.get_targets(name="quantinuum.qpu.emulated").submit(BELL, name="waiting", shots=2)
    check("a job that waits", ws.get_job(j.id).details.status == "Waiting")
    ws.cancel_job(j)
    check("is cancelled", ws.get_job(j.id).details.status == "Cancelled")
finally:
    for x in (p, slow): x.terminate(); x.wait()
print("failed: " + ", ".join(bad) if bad else "all checks passed"); sys.exit(bool(bad))
