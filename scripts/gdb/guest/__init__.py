# SPDX-License-Identifier: MIT
"""What the gdb commands know of the guest; README.md says in which order to read."""
