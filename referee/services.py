"""The services' official clients against `qgan emulate`.

  python referee/services.py --qgan bin/qgan --clients PYTHON --iqm PYTHON [--shared FOLDER] [SERVICE...]

For each service: starts its emulator on loopback, runs FOLDER/referee/SERVICE.py (FOLDER: $QGAN_SHARED) with PYTHON, an interpreter
that has referee/services.txt, for IQM one that has referee/iqm.txt, and stops the emulator. Exits 1 where a check of one failed.
"""
import argparse, os, subprocess, sys

a = argparse.ArgumentParser()
a.add_argument("--qgan", required=True); a.add_argument("--clients", required=True); a.add_argument("--iqm", required=True); a.add_argument("--shared", default=os.environ.get("QGAN_SHARED"))
a.add_argument("services", nargs="*", default=["ibm", "ionq", "braket", "iqm"])
args = a.parse_args()
if not args.shared: sys.exit("set QGAN_SHARED, or give --shared")
BRAKET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Emulated"  # the built-in device
failed = []
for service in args.services:
    p = subprocess.Popen([os.path.abspath(args.qgan), "emulate", service], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = p.stdout.readline().strip()
        print(f"== {service} at {url}", flush=True)
        device = ["--device", BRAKET] if service == "braket" else []
        if subprocess.run([args.iqm if service == "iqm" else args.clients, os.path.join(args.shared, "referee", service + ".py"), "--url", url] + device).returncode: failed.append(service)
    finally:
        p.terminate(); p.wait()
print("failed: " + ", ".join(failed) if failed else "all services passed"); sys.exit(bool(failed))
