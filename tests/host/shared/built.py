# SPDX-License-Identifier: MIT
"""What is tested, as scripts/check says it in the environment: the folder of images and programs, and
that of the kernel, which is one of several."""

import os
import sys

sys.path.insert(0, "scripts")
import machine

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
IMAGE = os.path.join(BUILD, "test.img")
OBJ = os.environ.get("OBJ", os.path.join(machine.kernel_folder(BUILD, "checked"), "obj"))
KERNEL_BUILD = os.path.abspath(os.path.dirname(OBJ))
KERNEL = os.path.join(KERNEL_BUILD, "pagoda.elf")
