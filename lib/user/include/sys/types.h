/* SPDX-License-Identifier: MIT */
/* The types of the system interface. Files have 64-bit offsets throughout. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int pid_t;
typedef int id_t;
typedef unsigned uid_t;
typedef unsigned gid_t;
typedef unsigned mode_t;
typedef unsigned nlink_t;
typedef int ssize_t;
typedef long long off_t;
typedef long long loff_t;
typedef long long off64_t;
typedef long blksize_t;
typedef long long blkcnt_t;
typedef unsigned long long dev_t;
typedef unsigned long long ino_t;
typedef long time_t;
typedef long suseconds_t;
typedef unsigned useconds_t;
typedef long clock_t;
typedef int clockid_t;
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned u_int;
typedef unsigned long u_long;
