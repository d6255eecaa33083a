"""IBM's own schema of the program executor reads what `qgan submit --ibm-program executor` sends, and Qiskit its circuit; and the result of
`qgan emulate ibm` is read by that schema. By hand, in the environment of services.txt (which brings ibm-quantum-schemas):

  VENV/bin/python referee/executor.py --qgan bin/qgan

Exits 1 where a check fails. Nothing of it says what the service itself takes.
"""
import argparse, json, os, subprocess, sys, tempfile
from ibm_quantum_schemas.executor.version_2_0.models import ParamsModel, QuantumProgramResultModel

a = argparse.ArgumentParser(); a.add_argument("--qgan", required=True); args = a.parse_args()
qgan, bad = os.path.abspath(args.qgan), []
def check(name, ok, shown=""):
    print("ok  " if ok else "FAIL", name, shown, flush=True)
    if not ok: bad.append(name)

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::"
PROGRAM = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\nbit[3] beta;\nbit[1] alpha;\nx q[0];\nx q[3];\nbeta[0] = measure q[0];\nbeta[1] = measure q[1];\nbeta[2] = measure q[2];\nalpha[0] = measure q[3];\n'
with tempfile.TemporaryDirectory() as t:
    open(t + "/flip.qasm", "w").write(PROGRAM)
    env = dict({k: v for k, v in os.environ.items() if not k.startswith("QGAN_")}, HOME=t, XDG_CONFIG_HOME=t, QGAN_LEDGER=t + "/ledger", QISKIT_IBM_TOKEN="KEY", QISKIT_IBM_INSTANCE=CRN)
    e = subprocess.Popen([qgan, "emulate", "ibm", "--ideal"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = e.stdout.readline().split()[0]
        submit = [qgan, "submit", "flip.qasm", "--backend", "ibm:emulated_heron", "--endpoint", "ibm=" + url, "--shots", "50", "--ibm-program", "executor"]
        body = json.loads(subprocess.run(submit + ["--dry-run"], cwd=t, env=env, capture_output=True, text=True, check=True).stdout)
        p = ParamsModel.model_validate(body["params"])
        q = p.quantum_program
        c = q.circuits.to_python()[0]
        check("the body is one of schema v2.0", p.schema_version == "v2.0" and q.shots == 50 and len(q.items) == 1, type(q.circuits).__name__)
        check("its arguments are an array of no numbers", q.items[0].circuit_arguments.to_numpy().shape == (0,))
        check("its circuit is read by Qiskit", sorted((r.name, r.size) for r in c.cregs) == [("alpha", 1), ("beta", 3)] and not c.parameters, dict(c.count_ops()))
        done = subprocess.run(submit + ["--wait", "--json"], cwd=t, env=env, capture_output=True, text=True)
        check("it runs", done.returncode == 0, done.stderr[-200:] if done.returncode else "")
        job = json.loads(subprocess.run([qgan, "jobs", "list", "--json"], env=env, capture_output=True, text=True).stdout)["jobs"][0]
        raw = json.load(open(f"{t}/ledger/jobs/{job['id']}/result.json"))
        r = QuantumProgramResultModel.model_validate(raw).data[0].results
        check("the result is one of schema v2.0, bit 0 first", r["beta"].to_numpy().shape == (50, 3) and (r["beta"].to_numpy() == [True, False, False]).all() and r["alpha"].to_numpy().all())
        counts = json.loads(done.stdout)
        check("and the outcome is that", json.dumps(counts).count("1001") > 0, json.dumps(counts)[:200])
    finally: e.terminate(); e.wait()
print("failed: " + ", ".join(bad) if bad else "all checks passed"); sys.exit(bool(bad))
