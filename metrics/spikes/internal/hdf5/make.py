#!/usr/bin/env python3
"""Makes the HDF5 files of testdata with h5py 3.16 (HDF5 1.14): python make.py

Each holds the same small array, spikes = (i*7 + j*j*3 + k*5 + i*j*k) % 4 == 1 of
3 x 11 x 4, in the forms that MATLAB 7.3, NWB and h5py write, and forms that are not read, deflated
for their size.
"""

import gzip
import pathlib

import h5py
import numpy as np

here = pathlib.Path(__file__).parent / "testdata"
i, j, k = np.ogrid[:3, :11, :4]
spikes = ((i * 7 + j * j * 3 + k * 5 + i * j * k) % 4 == 1).astype(np.uint8)


def header(path):
    """The first 128 bytes of a MATLAB 7.3 file, in its user block."""
    text = b"MATLAB 7.3 MAT-file, Platform: test".ljust(116) + b"\0" * 8 + b"\0\2IM"
    with open(path, "r+b") as f:
        f.write(text)


with h5py.File(here / "matlab.mat", "w", userblock_size=512) as f:
    for name, klass, data in [
        ("data", "double", spikes.astype("f8")), ("flag", "logical", spikes), ("fs", "double", np.array([[50.0]])), ("text", "char", np.array([[104], [105]], "u2")),
    ]:
        d = f.create_dataset(name, data=data.T if data.ndim == 3 else data, **({"chunks": (2, 4, 2), "compression": "gzip"} if data.ndim == 3 else {}))
        d.attrs["MATLAB_class"] = np.bytes_(klass)
    empty = f.create_dataset("empty", data=np.array([0, 5], "u8"))
    empty.attrs["MATLAB_class"], empty.attrs["MATLAB_empty"] = np.bytes_("double"), np.uint8(1)
    cell = f.create_dataset("cell", data=np.array([[f["data"].ref]], dtype=h5py.ref_dtype))
    cell.attrs["MATLAB_class"] = np.bytes_("cell")
    s = f.create_group("struct")
    s.attrs["MATLAB_class"] = np.bytes_("struct")
    s["inside"] = spikes.T
    sparse = f.create_group("sparse")
    sparse.attrs["MATLAB_class"], sparse.attrs["MATLAB_sparse"] = np.bytes_("double"), np.uint64(3)
    sparse["data"] = np.ones(3)
header(here / "matlab.mat")

with h5py.File(here / "forms.h5", "w") as f:
    f["group/bool"] = spikes.astype(bool)
    f.create_dataset("big", data=spikes.astype(">i4"), chunks=(3, 5, 3), shuffle=True, compression="gzip", fletcher32=True)
    f.create_dataset("single", data=spikes.astype("f4"), chunks=(1, 11, 4), fletcher32=True)
    f.create_dataset("signed", data=spikes.astype("i8"), chunks=(2, 2, 2), shuffle=True)
    f.create_dataset("lzf", data=spikes, chunks=(3, 11, 4), compression="lzf")
    f.create_dataset("half", data=spikes.astype("f2"))
    f["words"] = ["a", "b"]
    f["scalar"] = 0.02
    f["again"] = f["big"]
    f["soft"] = h5py.SoftLink("/big")
    f.create_dataset("never", (2, 3), "f8")
    for n in range(12):
        f[f"many/a{n:02d}"] = n

with h5py.File(here / "latest.h5", "w", libver="latest") as f:
    f["plain"] = spikes
    f["group/inner"] = spikes.astype("f8")
    f["group/root"] = f["/"]
    f.create_dataset("chunked", data=spikes, chunks=(2, 4, 2))

with h5py.File(here / "observed.nwb", "w") as f:
    f["units/spike_times"] = np.array([5.01, 5.05, 5.03])
    f["units/spike_times_index"] = np.array([2, 3], "u1")
    f["units/obs_intervals"] = np.array([[5.0, 5.04], [5.06, 5.1], [5.0, 5.1]])
    f["units/obs_intervals_index"] = np.array([2, 3], "u1")

with h5py.File(here / "units.nwb", "w") as f:
    f.attrs["nwb_version"] = "2.7.0"
    f["units/id"] = np.arange(3)
    times = [[0.01, 0.05, 10.03], [], [0.07, 10.01, 10.07, 7.0]]
    f["units/spike_times"] = np.concatenate(times)
    f["units/spike_times_index"] = np.cumsum([len(t) for t in times]).astype("u1")
    f["intervals/trials/start_time"] = np.array([0.0, 10.0])
    f["intervals/trials/stop_time"] = np.array([0.1, 10.1])

for path in [*here.glob("*.mat"), *here.glob("*.h5"), *here.glob("*.nwb")]:
    with open(path.with_name(path.name + ".gz"), "wb") as f:
        f.write(gzip.compress(path.read_bytes(), 9, mtime=0))
    path.unlink()
