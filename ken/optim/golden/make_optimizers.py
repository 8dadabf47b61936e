#!/usr/bin/env python3
"""optimizers.csv: trajectories of PyTorch's optimizers on
    f_s(p) = p'A p / 2 - b'p + 0.05 sum of p^4 + noise[s]'p,   s = 0 ... 49, in float64.
usage: make_optimizers.py FOLDER > optimizers.csv
FOLDER has optimisers.npz (A, b, p0, noise, traj_<name>: the point after each step) and manifest.json (the version of
PyTorch). Of each trajectory the steps 1, 2, 3, 10, 25 and 50 are kept. Reads .npz without NumPy."""
import ast, io, json, pathlib, struct, sys, zipfile

folder = pathlib.Path(sys.argv[1])

def arrays(path):
    out = {}
    with zipfile.ZipFile(path) as z:
        for name in z.namelist():
            raw = z.read(name)
            size = struct.unpack("<H", raw[8:10])[0]
            head = ast.literal_eval(raw[10:10 + size].decode())
            assert head["descr"] == "<f8" and not head["fortran_order"]
            data = raw[10 + size:]
            flat = struct.unpack(f"<{len(data) // 8}d", data)
            wide = head["shape"][-1]
            out[name[:-4]] = [flat[i:i + wide] for i in range(0, len(flat), wide)]
    return out

def line(*cells):
    print(",".join(c if isinstance(c, str) else repr(c) for c in cells))

a = arrays(folder / "optimisers.npz")
version = json.loads((folder / "manifest.json").read_text()).get("torch", "?")
print(f"# PyTorch {version}, float64; made by make_optimizers.py")
for name in ("A", "b", "p0", "noise"):
    for row in a[name]:
        line(name, *row)
for name in sorted(a):
    if name.startswith("traj_"):
        for step in (1, 2, 3, 10, 25, 50):
            line("after", name[5:], step, *a[name][step - 1])
