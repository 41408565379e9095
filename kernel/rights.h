/* SPDX-License-Identifier: MIT */
/*
 * Rights: whether somebody may do a thing to an object. This is the one place where that is
 * decided; the table in rights.c says it right by right, as the manual pages do. Who asks is
 * the process that runs here; the kernel's own threads may do everything.
 *
 * Of an object only what decides is told, in a struct object. Nothing here takes a lock or
 * sleeps.
 */
#pragma once

#include "kernel/credentials.h"
#include "lib/types.h"

struct object {
	/* A file: its owner and mode; of the directory it lies in, the owner. */
	uint32_t mode, uid, gid;
	uint32_t directory_uid;
	/* What it is to become, where it changes hands (ID_UNCHANGED: as it is). */
	uint32_t new_uid, new_gid;
	/* Of one of sysvipc(7): who made it. */
	uint32_t creator_uid, creator_gid;
	/* A process: whose it is; whether it is the caller's own; whether its memory may be
	 * looked at (prctl(2), PR_SET_DUMPABLE). */
	const struct credentials *process;
	bool itself, dumpable;
};

enum right {
	/* Files. */
	MAY_SET_MODE,      /* chmod(2) */
	MAY_KEEP_GROUP_ID, /* the set-group-ID bit: chmod(2), inode(7) */
	MAY_KEEP_SET_IDS,  /* both bits, although it writes: write(2), truncate(2) */
	MAY_SET_OWNER,     /* chown(2), to new_uid */
	MAY_SET_GROUP,     /* chown(2), to new_gid */
	MAY_SET_TIMES,     /* utimensat(2), any time */
	MAY_SET_TIMES_NOW, /* utimensat(2), the present */
	MAY_READ_UNSEEN,   /* open(2), O_NOATIME */
	MAY_REMOVE_STICKY, /* unlink(2), rename(2) in a directory with S_ISVTX */
	MAY_LEASE,         /* fcntl(2), F_SETLEASE */
	MAY_LINK,          /* link(2), proc_sys_fs(5) protected_hardlinks */
	MAY_MAKE_DEVICE,   /* mknod(2) */
	MAY_SEE_TRUSTED,   /* xattr(7): trusted., and setting security. */
	MAY_CHANGE_ROOT,   /* chroot(2) */
	/* Processes. */
	MAY_SIGNAL,        /* kill(2) */
	MAY_SCHEDULE,      /* setpriority(2), sched_setscheduler(2), sched_setaffinity(2) */
	MAY_SET_LIMITS,    /* prlimit(2) */
	MAY_LOOK_INTO,     /* /proc/PID: ptrace(2), PTRACE_MODE_READ_FSCREDS */
	MAY_TRACE,         /* ptrace(2), PTRACE_MODE_ATTACH_REALCREDS */
	/* Objects of sysvipc(7). */
	MAY_CONTROL_IPC,   /* shmctl(2) and its kin: IPC_SET, IPC_RMID */
	/* The caller's own state. */
	MAY_RAISE_LIMITS,  /* setrlimit(2), the hard ones; a lower oom_score_adj */
	MAY_EXCEED_LIMITS, /* getrlimit(2), RLIMIT_NPROC */
	MAY_RAISE_NICE,    /* setpriority(2), beyond RLIMIT_NICE */
	MAY_LOCK_MEMORY,   /* mlock(2), beyond RLIMIT_MEMLOCK */
	MAY_SET_USER,      /* setuid(2) and its kin: to any */
	MAY_SET_GROUPS,    /* setgid(2), setgroups(2) and theirs */
	MAY_SET_BOUNDS,    /* capset(2), prctl(2) PR_CAPBSET_DROP */
	/* The machine. */
	MAY_FILL_PIPES,    /* pipe(7), beyond what one user may have; also MAY_EXCEED_LIMITS */
	MAY_MOUNT,         /* mount(2), umount(2) */
	MAY_UNSHARE,       /* clone(2), unshare(2): namespaces, were there any */
	MAY_SWAP,          /* swapon(2), swapoff(2) */
	MAY_NAME_HOST,     /* sethostname(2), setdomainname(2) */
	MAY_SEE_FRAMES,    /* pagemap's frame numbers, /proc/kpagecount */
	MAY_SET_CLOCK,     /* clock_settime(2) */
	MAY_REBOOT,        /* reboot(2) */
	MAY_READ_LOG,      /* syslog(2) */
	MAY_HANG_UP,       /* vhangup(2) */
	MAY_TAKE_TERMINAL, /* ioctl_tty(2), TIOCSCTTY with 1 */
	RIGHT_COUNT
};

/* 0 if the caller may do that to the object (NULL: it is about none), else the error that the
 * manual page names: -EPERM or -EACCES. */
int right_check(enum right, const struct object *);
bool right_has(enum right, const struct object *);

/* The nine bits of a file's mode, as path_resolution(7), "Permissions", has them: 0, -EACCES. */
#define ACCESS_READ 4u
#define ACCESS_WRITE 2u
#define ACCESS_EXECUTE 1u /* of a directory: to find names in it */
int right_access(const struct object *, uint32_t wanted);

/* The same of an object of sysvipc(7), "Resource access permissions". */
int right_ipc_access(const struct object *, uint32_t wanted);

/* The caller's credentials, read here only by the caller itself. */
const struct credentials *rights_caller(void);
/* The door for userprog: those of the process that runs, or NULL in a kernel thread. */
void rights_set_caller_door(const struct credentials *(*caller)(void));
