"""Every job exactly once: a thousand jobs of the emulated service under faults, the sending processes killed twenty times.

  python referee/once.py --qgan bin/qgan [--circuits 1000] [--kills 20] [--seed 1] [--plain]

Trains a small generator, starts `qgan emulate ibm` with a device that takes one circuit a job and a plan in which a fifth of the
submissions goes wrong, and runs `qgan generate`, killing it (SIGKILL) again and again; then lets it end. Checked: each job is at the
service exactly once (the emulator counts), the ledger has all of them as done, and the windows are there. Unless --plain, each command runs
as a pair of twins of which one or both are killed, jobs are cancelled at random, and a relay in front of the service moves its calibration
with each fetch and counts what is sent: then jobs that were cancelled are made anew, and every one that the service has taken is charged in
the ledger. Standard library only.
"""
import argparse, http.client, json, math, os, pathlib, random, subprocess, sys, tempfile, threading, time, urllib.parse, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

a = argparse.ArgumentParser()
a.add_argument("--qgan", required=True); a.add_argument("--circuits", type=int, default=1000); a.add_argument("--kills", type=int, default=20); a.add_argument("--seed", type=int, default=1)
a.add_argument("--plain", action="store_true", help="no twins, cancellations and calibration that moves")
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

def relay(url):
    """A relay whose service is calibrated anew with each fetch; returns its address and the list of what was sent."""
    up, sent, lock, n = urllib.parse.urlparse(url), [], threading.Lock(), [0]
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def log_message(self, *a): pass
        def any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.command == "POST" and self.path.endswith("/jobs"):
                with lock: sent.append(time.time())
            c = http.client.HTTPConnection(up.hostname, up.port, timeout=60)
            try:
                c.request(self.command, self.path, body or None, {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "accept-encoding", "content-length")})
                r = c.getresponse(); out = r.read()
            except (OSError, http.client.HTTPException):
                self.close_connection = True; self.connection.close(); return
            if self.path.endswith("/properties") and r.status == 200:
                with lock: n[0] += 1; draw = random.Random(n[0])
                o = json.loads(out)
                for g in o["gates"]:
                    for p in g["parameters"]:
                        if p["name"] == "gate_error": p["value"] *= math.exp(draw.gauss(0, 0.4))
                out = json.dumps(o).encode()
            self.send_response(r.status)
            for k, v in r.getheaders():
                if k.lower() not in ("content-length", "transfer-encoding", "connection", "date"): self.send_header(k, v)
            if r.status not in (204, 304): self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            if r.status not in (204, 304): self.wfile.write(out)
        do_GET = do_POST = do_PUT = do_DELETE = any
    class Server(ThreadingHTTPServer):
        daemon_threads = True
        def handle_error(self, *a): pass # a client that was killed
    s = Server(("127.0.0.1", 0), Handler); threading.Thread(target=s.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{s.server_address[1]}", sent

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
        counted, sent = (url, []) if args.plain else relay(url)
        command = [qgan, "generate", "run", "--backend", "ibm:row", "--endpoint", f"ibm={counted}", "--samples", str(args.circuits // steps * 2), "--latents", str(args.circuits // steps),
                   "--resubmit-unknown", "--out", "trains.npz"]
        kills = cancels = 0
        start = lambda: subprocess.Popen(command, cwd=t, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for k in range(args.kills):
            first = start(); twin = None if args.plain else start()
            while k > 2 and first.poll() is None and '"jobs": []' in run("jobs", "list", "--json").stdout: time.sleep(0.2) # the first are killed while they plan, the others while they send
            try: first.wait(rng.uniform(0.2, 3))
            except subprocess.TimeoutExpired: first.kill(); kills += 1
            first.wait()
            if twin:
                open_jobs = json.loads(run("jobs", "list", "--open", "--json").stdout)["jobs"]
                for j in rng.sample(open_jobs, min(2, len(open_jobs))):
                    cancels += run("jobs", "cancel", j["id"]).returncode == 0
                try: twin.wait(rng.uniform(0.2, 2))
                except subprocess.TimeoutExpired: twin.kill(); kills += 1
                twin.wait()
        last = subprocess.run(command, cwd=t, env=env, capture_output=True, text=True)
        if not args.plain and last.returncode: # a job that was cancelled ends the command that holds it; the next one makes it anew
            last = subprocess.run(command, cwd=t, env=env, capture_output=True, text=True)
        check("the last run ends well", last.returncode == 0, last.stderr[-300:] if last.returncode else "")
        counts = json.load(urllib.request.urlopen(url + "/-/counts"))
        jobs = json.loads(run("jobs", "list", "--json").stdout)["jobs"]
        want = args.circuits // steps * steps
        check("the sender was killed", kills >= args.kills * 3 // 4, f"{kills} times")
        check("faults were played", counts["faults"] > want // 10, f"{counts['faults']} in {counts['requests']} requests")
        done, ended = [j for j in jobs if j["state"] == "done"], [j for j in jobs if j["state"] == "cancelled"]
        there, charged = counts["by_tag"], {j["id"]: len(j.get("charges") or []) for j in jobs}
        if args.plain: check("every job is at the service", len(there) == want, f"{len(there)} of {want}")
        else:
            check("jobs were cancelled", cancels > 0, f"{cancels}, {len(ended)} are")
            check("every job is at the service, cancelled ones anew", all(j["id"] in there for j in done) and set(there) <= set(charged), f"{len(there)} of {len(jobs)}")
            check("one calibration served all", len({j["snapshot_sha256"] for j in jobs}) == 1)
            check("each that the service has is charged", all(charged[k] >= n for k, n in there.items()), f"{sum(charged.values())} charges of {len(sent)} sent")
            lost = sum(c.get("lost", False) for j in jobs for c in j.get("charges") or [])
            check("and no more, but for the lost", sum(charged.values()) - lost <= sum(there.values()) <= sum(charged.values()), f"{sum(there.values())} there, {lost} lost")
        check("and exactly once", all(n == 1 for n in counts["by_tag"].values()), {k: n for k, n in counts["by_tag"].items() if n != 1} or "")
        check("the ledger has all as done", len(done) == want and len(done) + len(ended) == len(jobs), f"{len(jobs)} jobs, {len(done)} done, {sum(j['attempt'] > 1 for j in jobs)} with more than one attempt")
        check("all windows are there", (t / "trains.npz").exists())
    finally:
        service.terminate(); service.wait()
print(f"{len(bad)} failed, {time.time() - began:.0f} s"); sys.exit(bool(bad))
