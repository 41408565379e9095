# SPDX-License-Identifier: MIT
"""No file of the kernel uses a layer above its own; see scripts/layers."""

import os
import subprocess
import sys

sys.exit(subprocess.run(["scripts/layers", os.environ["OBJ"]], check=False).returncode)
