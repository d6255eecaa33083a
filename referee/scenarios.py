"""The table of docs/jobs.md: a service that answers wrong in one way, and what `qgan submit --wait` makes of it.

  python referee/scenarios.py --qgan bin/qgan [--shared FOLDER] [--scenarios NAME,…] [--services NAME,…] [--verbose]

For each scenario of FOLDER/referee/proxy.py (FOLDER: $QGAN_SHARED) and each service: an emulator, the proxy in front of it, one circuit
of 100 shots. A cell is: jobs sent, as the proxy counts them; the ledger; exit codes; seconds. The keys are a marker, which is looked
for afterwards in all that was written and printed: exit code 1 where it is found, or where a command ends by no exit code of its own.
Azure's submissions, PUT jobs/ID, its looks and its results are told to a copy of the proxy. Standard library only.
"""
import argparse, json, os, pathlib, subprocess, sys, tempfile, time

a = argparse.ArgumentParser(); a.add_argument("--qgan", required=True); a.add_argument("--shared", default=os.environ.get("QGAN_SHARED")); a.add_argument("--verbose", action="store_true")
a.add_argument("--scenarios", default="plain,usage,expired_at_submit,limit_reached,slow_down,calibrating,lost_answer,always_lost,gone,unreadable,not_a_number,neighbours,token_out,recalibrated,escapes,slow_result,bomb")
a.add_argument("--services", default="ibm,ionq,braket,iqm,azure"); args = a.parse_args()
if not args.shared: sys.exit("set QGAN_SHARED, or give --shared")
qgan, MARKER = os.path.abspath(args.qgan), "M4rkerK3yThatNobodyMayWrite"
DEVICE = {"ibm": "emulated_heron", "ionq": "simulator", "braket": "garnet", "iqm": "emulated", "azure": "quantinuum.qpu.emulated"}
KEYS = {"QISKIT_IBM_TOKEN": MARKER, "QISKIT_IBM_INSTANCE": "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::", "IONQ_API_KEY": MARKER,
        "AWS_ACCESS_KEY_ID": "AKIADUMMY", "AWS_SECRET_ACCESS_KEY": MARKER, "IQM_TOKEN": MARKER,
        "AZURE_QUANTUM_CONNECTION_STRING": f"SubscriptionId=s;ResourceGroupName=g;WorkspaceName=w;ApiKey={MARKER};QuantumEndpoint=https://eastus.quantum.azure.com/"}
PROGRAM = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nx q[0];\nc[0] = measure q[0];\nc[1] = measure q[1];\n'
TWICE = ("lost_answer", "gone", "unreadable", "not_a_number", "token_out", "recalibrated")
AZURE = '''
def submits(q): return q.command == "PUT" and q.path.split("?")[0].split("/")[-2] == "jobs"
def results(q): return q.command == "GET" and q.path.split("?")[0].endswith("/rawOutputData")
def not_a_number(q): return answer(200, b'{"0":NaN,"1":0.5}') if results(q) else q.forward()
SCENARIOS["not_a_number"] = not_a_number
def unreadable(q):
    def wide(o):
        for values in o.values():
            if isinstance(values, list): values[0] = "1" + values[0]
    return edited(q, wide) if results(q) else q.forward()
SCENARIOS["unreadable"] = unreadable
def escapes(q):
    def bad(o): o["status"], o["errorData"] = "Failed", {"code": "Bad", "message": "no \\x1b[31mred\\x1b]0;title\\x07\\x1b[2K\\rqgan: all is well"}
    return edited(q, bad) if polls(q) else q.forward()
SCENARIOS["escapes"] = escapes
'''
found, odd = [], []

def leaks(where, what):
    if MARKER.encode() in what: found.append(where)

def one(scenario, service):
    with tempfile.TemporaryDirectory() as folder:
        t = pathlib.Path(folder); (t / "flip.qasm").write_text(PROGRAM)
        (t / "qgan.toml").write_text('[remote]\nlook_every = "1s"\npoll_min = "200ms"\npoll_max = "1s"\ngive_up = "20s"\n')
        text = (pathlib.Path(args.shared) / "referee" / "proxy.py").read_text()
        proxy = t.parent / (t.name + ".proxy.py")
        begin = text.index("class Handler"); proxy.write_text(text[:begin] + (AZURE if service == "azure" else "") + "\n" + text[begin:])
        env = {k: v for k, v in os.environ.items() if not k.startswith("QGAN_")}; env.update(KEYS, HOME=folder, XDG_CONFIG_HOME=folder + "/none", QGAN_LEDGER=folder + "/ledger", AWS_EC2_METADATA_DISABLED="true")
        log = folder + "/log"
        start = lambda cmd, **more: subprocess.Popen(cmd, cwd=t, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **more)
        emulator = start([qgan, "emulate", service, "--key", MARKER] + (["--arn", "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"] if service == "braket" else []), env=env)
        relay = start([sys.executable, str(proxy), emulator.stdout.readline().split()[0], scenario, log], env=dict(env, PROXY_AFTER="1" if scenario == "recalibrated" else "0"))
        address = f"{service}={relay.stdout.readline().strip()}"
        command = [qgan, "submit", "flip.qasm", "--backend", f"{service}:{DEVICE[service]}", "--shots", "100", "--wait", "--endpoint", address] + (["--resubmit-unknown"] if scenario == "always_lost" else [])
        def call(cmd, **more):
            p = subprocess.run(cmd, cwd=t, env=env, capture_output=True, **more); leaks(" ".join(cmd[1:3]) + " prints", p.stdout + p.stderr)
            if b"\x1b" in p.stdout + p.stderr or b"\x07" in p.stdout + p.stderr: odd.append(f"{scenario} {service}: a control character is printed")
            if args.verbose: print("   ", p.stderr.decode()[-900:])
            return p
        codes, seconds = [], []
        try:
            for _ in range(2 if scenario in TWICE else 1):
                began = time.time()
                if scenario == "slow_down":
                    p = subprocess.Popen(command, cwd=t, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE); time.sleep(3)
                    job = json.loads(call([qgan, "jobs", "list", "--json"]).stdout)["jobs"][0]["id"]
                    call([qgan, "jobs", "cancel", job, "--endpoint", address])
                    leaks("submit prints", b"".join(p.communicate(timeout=60))); codes.append(p.returncode)
                else:
                    try: codes.append(call(command, timeout=200).returncode)
                    except subprocess.TimeoutExpired: codes.append("stuck")
                seconds.append(time.time() - began)
            jobs = json.loads(call([qgan, "jobs", "list", "--json"]).stdout)["jobs"]
            sent = sum(json.loads(line)["submits"] for line in open(log))
        finally:
            for p in (relay, emulator): p.kill(); p.wait()
            proxy.unlink()
        def said(j):
            charges = j.get("charges", []); lost = sum(c.get("lost", False) for c in charges)
            return f'{j["state"]}, {len(charges)} charged' + (f", {lost} lost" if lost else "") + (f', {j["execution_seconds"]:g} s' if scenario == "usage" and j.get("execution_seconds") else "")
        for path in t.rglob("*"):
            if path.is_file(): leaks(f"{scenario} {service}: {path.relative_to(t)}", path.read_bytes())
        if any(c not in (0, 4) for c in codes): odd.append(f"{scenario} {service}: exit {codes}")
        return f'{sent} · {"; ".join(map(said, jobs)) or "no job"} · {", ".join(map(str, codes))} · {", ".join("%.1f" % s for s in seconds)}'

services = args.services.split(",")
print("| scenario | " + " | ".join(services) + " |\n|---|" + "---|" * len(services))
for scenario in args.scenarios.split(","):
    cells = []
    for service in services:
        try: cells.append(one(scenario, service))
        except Exception as e: cells.append(f"FAIL {e!r}"); odd.append(f"{scenario} {service}: {e!r}")
    print(f"| `{scenario}` | " + " | ".join(cells) + " |", flush=True)
print("the marker key was found: " + "; ".join(found) if found else "the marker key was found nowhere")
for text in odd: print("odd: " + text)
sys.exit(bool(found or odd))
