"""A training at a service that is killed again and again ends where an undisturbed one does.

  python referee/resume.py --qgan bin/qgan [--kills 5] [--steps 20] [--seed 1]

For each of two services: starts `qgan emulate SERVICE` with a plan of faults, trains a small generator there, by gradients from shots,
with the process killed (SIGKILL) at random and resumed; and trains it once more undisturbed, with a ledger and an emulator of its own.
Checked: the last checkpoints are the same bytes, no job was run twice, and there are as many jobs as without the kills. Standard library only.
"""
import argparse, json, os, pathlib, random, subprocess, sys, tempfile, time, urllib.request

a = argparse.ArgumentParser()
a.add_argument("--qgan", required=True); a.add_argument("--kills", type=int, default=5); a.add_argument("--steps", type=int, default=20); a.add_argument("--seed", type=int, default=1)
args = a.parse_args()
qgan, rng = os.path.abspath(args.qgan), random.Random(args.seed)
began = time.time()
bad = []
def check(name, ok, shown=""):
    print("ok   " if ok else "FAIL ", name, shown, flush=True)
    if not ok: bad.append(name)

FAULTS = "".join(f'[[fault]]\non = "{on}"\nkind = "{kind}"\n{more}\n' for on, kind, more in [
    ("POST /jobs", "drop-before", "probability = 0.05"), ("POST /jobs", "drop-after", "probability = 0.05"),
    ("POST /jobs", "status-after", "status = 500\nprobability = 0.05"), ("POST /jobs", "status", "status = 429\nretry_after = 0.02\nprobability = 0.05"),
    ("GET /jobs", "late-listing", "seconds = 0.05"), ("GET /jobs/*", "html", "probability = 0.05"), ("GET /jobs/*", "state-back", "probability = 0.05")])
SERVICES = {
    "ibm": {"QISKIT_IBM_TOKEN": "KEY", "QISKIT_IBM_INSTANCE": "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::"},
    "ionq": {"IONQ_API_KEY": "KEY"},
}

DEVICES = {"ibm": "emulated_heron", "ionq": "qpu.emulated"}

def train(t, service, kills):
    """Trains in a folder of its own; returns the emulator's counts, the ledger's jobs and the last checkpoint."""
    t.mkdir()
    env = dict(os.environ, HOME=str(t), QGAN_LEDGER=str(t / "ledger"), **SERVICES[service])
    (t / "faults.toml").write_text(FAULTS)
    (t / "qgan.toml").write_text('[remote]\nlook_every = "60ms"\npoll_min = "10ms"\npoll_max = "200ms"\n')
    emulator = subprocess.Popen([qgan, "emulate", service, "--key", "KEY", "--faults", str(t / "faults.toml"), "--seed", str(args.seed)], cwd=t, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = emulator.stdout.readline().strip()
        device = DEVICES[service]
        first = [qgan, "train", "run", "--neurons", "2", "--layers", "2", "--iterations", str(args.steps), "--critic-steps", "2", "--shots", "100", "--seed", "7",
                 "--backend", f"{service}:{device}", "--endpoint", f"{service}={url}", "--resubmit-unknown"]
        again = [qgan, "train", "run", "--resume", "--resubmit-unknown"]
        done, least = 0, 0
        while done < kills:
            command = again if (t / "run" / "manifest.json").exists() else first
            p = subprocess.Popen(command, cwd=t, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            # Killed after some more steps, so that all kills fall within the training.
            goal = args.steps * (done + 1) // (kills + 2)
            while p.poll() is None and (steps_of(t) < goal): time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.3))
            if p.poll() is None: p.kill(); done += 1
            elif p.returncode == 0: break
            p.wait()
        last = subprocess.run(again if (t / "run" / "manifest.json").exists() else first, cwd=t, env=env, capture_output=True, text=True)
        check(f"{service}: the last run ends well", last.returncode == 0, last.stderr[-400:] if last.returncode else f"after {done} kills")
        counts = json.load(urllib.request.urlopen(url + "/-/counts"))
        jobs = json.loads(subprocess.run([qgan, "jobs", "list", "--json"], cwd=t, env=env, capture_output=True, text=True).stdout)["jobs"]
        ends = sorted((t / "run" / "checkpoints").glob("*.ckpt"))
        return counts, jobs, (ends[-1].name, ends[-1].read_bytes()) if ends else None, done
    finally:
        emulator.terminate(); emulator.wait()

def steps_of(t):
    files = sorted((t / "run" / "checkpoints").glob("step-*.ckpt"))
    return int(files[-1].stem.split("-")[1]) if files else 0

with tempfile.TemporaryDirectory() as folder:
    for service in SERVICES:
        counts, jobs, end, kills = train(pathlib.Path(folder) / f"{service}-killed", service, args.kills)
        calm, whole, aim, _ = train(pathlib.Path(folder) / f"{service}-calm", service, 0)
        check(f"{service}: the training was killed", kills == args.kills, f"{kills} times")
        check(f"{service}: faults were played", counts["faults"] > 0, f"{counts['faults']} in {counts['requests']} requests")
        check(f"{service}: it took all steps", end is not None and end[0] == f"step-{args.steps:08d}.ckpt", end and end[0])
        check(f"{service}: and ended where the undisturbed one did", end == aim)
        check(f"{service}: no job ran twice", all(n == 1 for n in counts["by_tag"].values()) and len(counts["by_tag"]) == len(whole), f"{len(counts['by_tag'])} jobs, {len(whole)} undisturbed")
        check(f"{service}: the ledger has all as done", len(jobs) == len(whole) and all(j["state"] == "done" for j in jobs), f"{sum(j['circuits'] for j in jobs)} circuits")
print(f"{len(bad)} failed, {time.time() - began:.0f} s"); sys.exit(bool(bad))
