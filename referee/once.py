"""Every job exactly once: a thousand jobs of the emulated service under faults, the sending process killed twenty times.

  python referee/once.py --qgan bin/qgan [--circuits 1000] [--kills 20] [--seed 1]

Trains a small generator, starts `qgan emulate ibm` with a device that takes one circuit a job and a plan in which a fifth of the
submissions goes wrong, and runs `qgan generate`, killing it (SIGKILL) again and again; then lets it end. Checked: each job is at the
service exactly once (the emulator counts), the ledger has all of them as done, and the windows are there. Standard library only.
"""
import argparse, json, os, pathlib, random, subprocess, sys, tempfile, time, urllib.request

a = argparse.ArgumentParser()
a.add_argument("--qgan", required=True); a.add_argument("--circuits", type=int, default=1000); a.add_argument("--kills", type=int, default=20); a.add_argument("--seed", type=int, default=1)
args = a.parse_args()
qgan, rng, steps = os.path.abspath(args.qgan), random.Random(args.seed), 10
began = time.time()
bad = []
def check(name, ok, shown=""):
    print("ok   " if ok else "FAIL ", name, shown, flush=True)
    if not ok: bad.append(name)

FAULTS = "".join(f'[[fault]]\non = "{on}"\nkind = "{kind}"\n{more}\n' for on, kind, more in [
    ("POST /jobs", "drop-before", "probability = 0.04"), ("POST /jobs", "drop-after", "probability = 0.06"),
    ("POST /jobs", "status-after", "status = 500\nprobability = 0.04"), ("POST /jobs", "status", "status = 429\nretry_after = 0.02\nprobability = 0.04"),
    ("POST /jobs", "truncate", "probability = 0.02"), ("GET /jobs", "late-listing", "seconds = 0.05"), ("GET /jobs", "status", "status = 503\nprobability = 0.1"),
    ("GET /jobs/*", "html", "probability = 0.05"), ("GET /jobs/*", "state-back", "probability = 0.05"), ("GET /jobs/*/results", "truncate", "probability = 0.05"),
    ("GET /jobs/*/results", "not-ready", "probability = 0.05"), ("GET /jobs/*", "bad-token", "probability = 0.01")])

def device(folder):
    """Four qubits in a row, one circuit a job."""
    v = lambda n, u, x: {"date": "2026-05-12T09:00:00+00:00", "name": n, "unit": u, "value": x}
    gates = [{"gate": g, "qubits": [q], "parameters": [v("gate_error", "", 1e-4), v("gate_length", "ns", 32 if g != "rz" else 0)]} for q in range(4) for g in ("sx", "x", "rz")]
    gates += [{"gate": "cz", "qubits": p, "parameters": [v("gate_error", "", 3e-3), v("gate_length", "ns", 68)]} for q in range(3) for p in ([q, q + 1], [q + 1, q])]
    qubits = [[v("T1", "us", 150), v("T2", "us", 100), v("readout_error", "", 0.01), v("readout_length", "ns", 1000)] for _ in range(4)]
    props = {"backend_name": "row", "backend_version": "1.0", "last_update_date": "2026-05-12T09:00:00+00:00", "qubits": qubits, "gates": gates, "general": []}
    conf = {"backend_name": "row", "backend_version": "1.0", "n_qubits": 4, "basis_gates": ["cz", "rz", "sx", "x"], "max_shots": 1000, "max_experiments": 1, "dt": 4.0,
            "gates": [], "coupling_map": [[q, q + 1] for q in range(3)]}
    (folder / "props_row.json").write_text(json.dumps(props)); (folder / "conf_row.json").write_text(json.dumps(conf))
    return folder / "props_row.json"

with tempfile.TemporaryDirectory() as t:
    t = pathlib.Path(t)
    env = dict(os.environ, HOME=str(t), QGAN_LEDGER=str(t / "ledger"), QISKIT_IBM_TOKEN="KEY",
               QISKIT_IBM_INSTANCE="crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::")
    (t / "faults.toml").write_text(FAULTS)
    (t / "qgan.toml").write_text('[remote]\nlook_every = "60ms"\npoll_min = "10ms"\npoll_max = "200ms"\n')
    run = lambda *c, **k: subprocess.run([qgan, *c], cwd=t, env=env, capture_output=True, text=True, **k)
    r = run("train", "run", "--preset", "paper", "--neurons", "2", "--timesteps", str(steps), "--iterations", "5")
    if r.returncode: sys.exit(r.stderr)
    service = subprocess.Popen([qgan, "emulate", "ibm", "--device", str(device(t)), "--faults", str(t / "faults.toml"), "--seed", str(args.seed)], cwd=t, env=env, stdout=subprocess.PIPE, text=True)
    try:
        url = service.stdout.readline().strip()
        command = [qgan, "generate", "run", "--backend", "ibm:row", "--endpoint", f"ibm={url}", "--samples", str(args.circuits // steps * 2), "--latents", str(args.circuits // steps),
                   "--resubmit-unknown", "--out", "trains.npz"]
        kills = 0
        for _ in range(args.kills):
            p = subprocess.Popen(command, cwd=t, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try: p.wait(rng.uniform(0.2, 3))
            except subprocess.TimeoutExpired: p.kill(); kills += 1
            p.wait()
        last = subprocess.run(command, cwd=t, env=env, capture_output=True, text=True)
        check("the last run ends well", last.returncode == 0, last.stderr[-300:] if last.returncode else "")
        counts = json.load(urllib.request.urlopen(url + "/-/counts"))
        jobs = json.loads(run("jobs", "list", "--json").stdout)["jobs"]
        want = args.circuits // steps * steps
        check("the sender was killed", kills >= args.kills * 3 // 4, f"{kills} times")
        check("faults were played", counts["faults"] > want // 10, f"{counts['faults']} in {counts['requests']} requests")
        check("every job is at the service", len(counts["by_tag"]) == want, f"{len(counts['by_tag'])} of {want}")
        check("and exactly once", all(n == 1 for n in counts["by_tag"].values()), {k: n for k, n in counts["by_tag"].items() if n != 1} or "")
        check("the ledger has all as done", len(jobs) == want and all(j["state"] == "done" for j in jobs), f"{len(jobs)} jobs, {sum(j['state'] == 'done' for j in jobs)} done, {sum(j['attempt'] > 1 for j in jobs)} with more than one attempt")
        check("all windows are there", (t / "trains.npz").exists())
    finally:
        service.terminate(); service.wait()
print(f"{len(bad)} failed, {time.time() - began:.0f} s"); sys.exit(bool(bad))
