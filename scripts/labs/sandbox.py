# SPDX-License-Identifier: MIT
"""A wall around what is not ours: bubblewrap (Debian package bubblewrap).

A command behind it sees the system's programs and the tree, all read-only, a /tmp of its own, no
network, no other process; it may write to the folders that it is given, and is ended with us.
"""

import os
import shutil
import subprocess

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives",
          "/etc/ld.so.cache")
LIMITS = ["prlimit", "--core=0", "--cpu=600", f"--fsize={2 << 30}", f"--as={6 << 30}"]


def behind_wall(command, tree, writable=(), environment=()):
    """The command line that runs a command behind it, in the tree."""
    wall = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
            "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for path in SYSTEM:
        wall += ["--ro-bind-try", path, path]
    wall += ["--ro-bind", tree, tree]
    for path in writable:
        wall += ["--bind", path, path]
    for name, value in [("PATH", "/usr/bin:/bin:/usr/sbin:/sbin"), ("HOME", "/tmp"), *environment]:
        wall += ["--setenv", name, value]
    return wall + ["--chdir", tree, "--", *LIMITS, *command]


def works():
    """Whether there is a wall here: in many containers there is none."""
    if not shutil.which("bwrap"):
        return False
    return subprocess.run(behind_wall(["true"], os.path.realpath("/usr")), check=False,
                          capture_output=True).returncode == 0
