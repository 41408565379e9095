# SPDX-License-Identifier: MIT
# Builds, runs and checks Pagoda. `make help` lists the targets and the variables.

# What a person sets on the command line (make qemu MEM=16); `make help` explains them.
MEM = 64
SWAP = 64
DISK = virtio
CMDLINE =
KERNEL =
GUI =
GDB =
GDB_PORT = 1234
ACCEL = tcg
ROOTSIZE = 64
ROOT = busybox
PACKAGES = bash coreutils procps gcc libc6-dev make gdb strace python3-minimal sqlite3 vim-tiny \
  less valgrind stress-ng
SEED =
CALLS = 10000000
N =
FIRST = 0
LIMIT = 20
DIR = tests/conform
SEEDS =
SERIES =
AGAIN =
MACHINE = 14-bit
LAB =
SUBMISSION =
ALL =
ISOLATION =
SUITE = trixie
PAGING = two-level
T =
CMD =
KINDS =
J := $(shell nproc 2>/dev/null || echo 1)
SERVE =
PART =
V =
COUNTING =
# The tests run with the kernel that checks itself; `make check DEBUG=` takes the plain one.
DEBUG = $(if $(filter check handout grade check-labs ext2-mutants disk-errors conform crash debug diff-fuzz record fuzz,$(MAKECMDGOALS)),1)

# The prefix of the compiler and binutils for i386: on amd64 and i386 the machine's own make it.
CROSS = $(if $(filter x86_64-% i386-% i486-% i586-% i686-%,$(MAKE_HOST)),,i686-linux-gnu-)
CC = $(CROSS)gcc
# What runs on this machine is made by its own compiler.
HOSTCC = $(if $(CROSS),gcc,$(CC))
BUILD = build
# make coverage: vm/ counts which of its lines run.
COVERAGE = $(if $(filter coverage,$(MAKECMDGOALS)),1)
# make lock-times: the kernel looks at the time whenever it takes a spinlock and lets it go.
LOCK_TIMES = $(if $(filter lock-times,$(MAKECMDGOALS)),1)
# Which page tables (kernel/mem/page_table.h): two-level or pae. Either kernel has its own folder.
ifeq ($(filter two-level pae,$(PAGING)),)
$(error PAGING=$(PAGING): there are two-level and pae)
endif
PAE = $(filter pae,$(PAGING))
KERNEL_BUILD = $(BUILD)$(PAE:%=/%)$(if $(COVERAGE),/coverage,$(KERNEL_KIND))
KERNEL_KIND = $(if $(LOCK_TIMES),/locktimes,$(if $(DEBUG),/checked))
ELF = $(KERNEL_BUILD)/pagoda.elf
ISO = $(KERNEL_BUILD)/pagoda.iso
OBJ = $(KERNEL_BUILD)/obj
UOBJ = $(BUILD)/uobj
CACHE = .cache

# mke2fs, e2fsck and mkswap live where an ordinary user's PATH may not look.
export PATH := $(PATH):/usr/sbin:/sbin
RECORD = $(filter record,$(MAKECMDGOALS))
FRESH = $(filter fresh,$(MAKECMDGOALS))
DOCS_PAGES = $(filter docs web,$(MAKECMDGOALS))
LINT = $(filter lint,$(MAKECMDGOALS))
GRADE = $(if $(SUBMISSION)$(ALL)$(filter check-labs,$(MAKECMDGOALS)),1)
# For the kernel alone neither QEMU nor GRUB is needed.
KERNEL_ONLY = $(if $(filter-out kernel,$(or $(MAKECMDGOALS),all)),,1)
export CROSS CC HOSTCC GUI RECORD FRESH DOCS_PAGES GRADE LINT PAGING KERNEL_ONLY

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(J)
endif
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

Q = $(if $(V),,@)
# A line of its own. On a terminal it takes the place of what counts compiled files.
say = $(if $(V),@:,@printf '$(LINE_START)  %-6s %s\n')
LINE_START = $(if $(MAKE_TERMOUT),\r\033[K)
# $(call once,NAME,COMMAND): the command's output, asked for at most once, when first used.
once = $(eval $(1) := $$(shell $(2)))$($(1))

# $(call step,CC,FILE): one of the steps that are counted: all on one line of a terminal; elsewhere
# a line for each tenth. How many there will be says another make, when the first one is due.
step = $(if $(COUNTING),@: STEP,$(if $(V),@:,$(count)@n=$(words $(STEPS)) all=$(TOTAL); \
  $(show_step)))
show_step = $(if $(MAKE_TERMOUT),[ $$n != $$all ] || end='\n'; printf,[ $$((n * 10 / all)) = \
  $$(((n - 1) * 10 / all)) ] || printf) "$(LINE_START)  %-6s [%d/%d] %s$(if \
  $(MAKE_TERMOUT),$$end,\n)" $(1) $$n $$all $(2)
count = $(eval STEPS += x)
TOTAL = $(call once,TOTAL,$(MAKE) -n COUNTING=1 $(MAKEOVERRIDES) $(MAKECMDGOALS) 2>/dev/null | \
  grep -c STEP)
# $(call run,COMMAND): does it; what it has to say comes below the line that counts.
run = $(if $(or $(V),$(COUNTING),$(if $(MAKE_TERMOUT),,1)),$(Q)$(1), \
  @told=$$($(1) 2>&1); status=$$?; [ -z "$$told" ] || printf '\n%s\n' "$$told" >&2; exit $$status)
COLOUR = $(if $(MAKE_TERMOUT),-fdiagnostics-color)

all: kernel programs image iso

# ---- kernel ----------------------------------------------------------------------------

# `make STRICT= ...`: warnings are no errors, for whoever is in the middle of something.
STRICT = 1
WARN = -Wall -Wextra $(if $(STRICT),-Werror)
M32 = $(if $(and $(CROSS),$(findstring clang,$(CC))),--target=$(CROSS:%-=%),-m32)
# Arguments are passed in registers: but for assembly and lib/divide.c nothing has to know it.
# Nothing in the kernel wants a stack aligned to more than a word, as programs' is for SSE.
STACK_ALIGNMENT = $(if $(findstring clang,$(CC)),-mstack-alignment=4,-mpreferred-stack-boundary=2)
KERNEL_CFLAGS = $(M32) -march=i686 -mtune=generic $(STACK_ALIGNMENT) -std=gnu11 \
  $(if $(DEBUG),-O2,-O3) -g -ffreestanding -fno-pic -fno-pie \
  -fno-stack-protector -fno-omit-frame-pointer -mgeneral-regs-only -mregparm=3 -mno-red-zone \
  -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none $(WARN) -I. \
  -MMD -MP $(if $(DEBUG),$(DEBUG_CFLAGS)) $(if $(LOCK_TIMES),-DPAGODA_LOCK_TIMES) \
  $(if $(PAE),-DPAGODA_PAE) $(EXTRA_CFLAGS)
# PAGODA_DEBUG: the order of locks is checked, and freed memory filled with junk. kernel/ubsan.c
# says why some checks of undefined behaviour are left out. With them gcc no longer sees that
# a variable is set on every way, so that warning is the plain kernel's alone. A backtrace shows
# every call, also one that a function ends with.
DEBUG_CFLAGS = -DPAGODA_DEBUG -fno-optimize-sibling-calls -fsanitize=undefined -fno-sanitize-recover=all \
  -fno-sanitize=null,alignment,object-size,vptr \
  $(if $(findstring clang,$(CC)),-fno-sanitize=pointer-overflow -fno-sanitize=function, \
  -Wno-maybe-uninitialized)
ifneq ($(COVERAGE),)
$(OBJ)/vm/%: KERNEL_CFLAGS += -Og -fno-inline -fprofile-arcs -ftest-coverage -fprofile-info-section
KERNEL_CFLAGS += -DPAGODA_DEBUG
COVERAGE_LINK = $(OBJ)/tests/coverage/runtime.c.o -Wl,--wrap=power_off -lgcov
endif
LIBGCC = $(call once,LIBGCC,$(CC) $(M32) -print-libgcc-file-name)

KERNEL_C = $(wildcard boot/*.c kernel/*.c kernel/*/*.c vm/*.c vm/policy/*.c userprog/*.c lib/*.c)
KERNEL_S = $(wildcard boot/*.S kernel/*/*.S vm/*.S userprog/*.S)
KERNEL_O = $(KERNEL_C:%=$(OBJ)/%.o) $(KERNEL_S:%=$(OBJ)/%.o)

kernel: $(ELF)

comma = ,
LINK_KERNEL = $(CC) $(M32) -nostdlib -static -Wl,--build-id=none \
  $(if $(DEBUG)$(COVERAGE),-Wl$(comma)--defsym=kernel_is_checked=1) -Wl,-T,linker.ld \
  $(KERNEL_O) $(COVERAGE_LINK) $(KERNEL_BUILD)/symbols.s

# Linked twice: the second time with the table of functions that the first one had.
$(ELF): $(KERNEL_O) $(filter %.o,$(COVERAGE_LINK)) linker.ld scripts/symbols.py
	$(call step,LD,$@)
	$(Q)scripts/symbols.py </dev/null >$(KERNEL_BUILD)/symbols.s
	$(call run,$(LINK_KERNEL) -o $(KERNEL_BUILD)/pagoda.first)
	$(Q)$(CROSS)nm $(KERNEL_BUILD)/pagoda.first | scripts/symbols.py >$(KERNEL_BUILD)/symbols.s
	$(call run,$(LINK_KERNEL) -o $@)
	$(Q)rm -f $(KERNEL_BUILD)/pagoda.first

$(OBJ)/%.o: % $(OBJ)/flags | setup
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(call run,$(CC) $(COLOUR) $(KERNEL_CFLAGS) -c $< -o $@)

# ---- the vDSO ------------------------------------------------------------------------------

# It lies in the kernel and runs in programs (userprog/vdso), wherever it is mapped.
VDSO_CFLAGS = $(M32) -march=i686 -std=gnu11 -O2 -ffreestanding -nostdinc \
  -isystem $(CC_INCLUDE) $(UAPI) -I. -fpic -fvisibility=hidden -fomit-frame-pointer \
  -mgeneral-regs-only -fno-stack-protector -fasynchronous-unwind-tables -fcf-protection=none $(WARN)
VDSO_LDFLAGS = -shared -nostdlib -Wl,-Bsymbolic,--hash-style=both,--build-id=sha1 \
  -Wl,-soname=linux-gate.so.1,--no-undefined,--eh-frame-hdr,--strip-all -Wl,-z,noexecstack \
  -Wl,-z,max-page-size=4096 -Wl,-T,userprog/vdso/vdso.lds
VDSO_SOURCES = $(wildcard userprog/vdso/*.c userprog/vdso/*.S)

$(OBJ)/userprog/vdso_image.S.o: $(KERNEL_BUILD)/vdso.so
$(OBJ)/userprog/vdso_image.S.o: KERNEL_CFLAGS += -Wa,-I$(KERNEL_BUILD)

$(KERNEL_BUILD)/vdso.so: $(VDSO_SOURCES) userprog/vdso/vdso.lds kernel/time/clock.h \
  kernel/time/time_page.h $(OBJ)/flags
	$(call step,VDSO,$@)
	$(call run,$(CC) $(COLOUR) $(VDSO_CFLAGS) $(VDSO_LDFLAGS) -o $@ $(VDSO_SOURCES))

# ---- programs of the disk image --------------------------------------------------------

CC_INCLUDE = $(call once,CC_INCLUDE,$(CC) -print-file-name=include)
# The folders with the kernel's headers for i386, linux/ and asm/, as the compiler finds them.
UAPI = $(call once,UAPI,printf '\043include <%s>\n' asm/unistd_32.h linux/virtio_blk.h | \
  $(CC) $(M32) -E -M -x c - | tr ' ' '\n' | \
  sed -n 's:^\(/.*\)/\(asm/unistd_32\|linux/virtio_blk\)[.]h:-isystem \1:p' | uniq)
USER_CFLAGS = $(M32) -march=i686 -std=gnu11 -O1 -g -ffreestanding -nostdinc \
  -isystem lib/user/include -isystem $(CC_INCLUDE) $(UAPI) -I. \
  -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
  -fno-omit-frame-pointer -fcf-protection=none $(WARN) -MD -MP $(EXTRA_CFLAGS)
USER_LDFLAGS = $(M32) -static -nostdlib -Wl,-z,noexecstack -Wl,-z,norelro \
  -Wl,--build-id=none

# As scripts/check and scripts/conform compile for this machine; for compile_commands.json only.
HOST_CFLAGS = $(M32) -std=gnu11 -g $(WARN) -I. -Itests/conform

CRT0 = $(UOBJ)/lib/user/crt0.S.o
LIBUSER_SOURCES = $(wildcard lib/user/*.c lib/user/*.S lib/*.c)
LIBUSER_O = $(filter-out $(CRT0),$(LIBUSER_SOURCES:%=$(UOBJ)/%.o))
PROGRAM_C = $(wildcard userprog/bin/*.c $(patsubst %,tests/%/*.c,vm userprog fs bench crash))
# A folder of userprog/bin is one program of several files.
FOLDERS = $(patsubst %/,%,$(wildcard userprog/bin/*/))
FOLDER_C = $(wildcard $(FOLDERS:%=%/*.c))
PROGRAMS = $(PROGRAM_C:%.c=$(BUILD)/programs/%) $(FOLDERS:%=$(BUILD)/programs/%)

programs: $(PROGRAMS)

$(foreach folder,$(FOLDERS),$(eval $(BUILD)/programs/$(folder): \
  $(patsubst %,$(UOBJ)/%.o,$(wildcard $(folder)/*.c))))
$(FOLDERS:%=$(BUILD)/programs/%): $(CRT0) $(BUILD)/libuser.a
	$(call step,LINK,$(@:$(BUILD)/programs/%=%))
	@mkdir -p $(@D)
	$(call run,$(CC) $(USER_LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libuser.a $(LIBGCC))

$(BUILD)/programs/%: $(UOBJ)/%.c.o $(CRT0) $(BUILD)/libuser.a
	$(call step,LINK,$(@:$(BUILD)/programs/%=%))
	@mkdir -p $(@D)
	$(call run,$(CC) $(USER_LDFLAGS) -o $@ $(CRT0) $< $(BUILD)/libuser.a $(LIBGCC))

$(BUILD)/libuser.a: $(LIBUSER_O)
	$(call step,AR,$@)
	$(Q)rm -f $@ && $(CROSS)ar rcs $@ $(LIBUSER_O)

$(UOBJ)/%.o: % $(UOBJ)/flags | setup
	$(call step,CC,$<)
	@mkdir -p $(@D)
	$(call run,$(CC) $(COLOUR) $(USER_CFLAGS) -c $< -o $@)

# ---- disks and ISO ---------------------------------------------------------------------

image: $(BUILD)/root.img $(BUILD)/test.img
ROOT_IMAGE = $(BUILD)/$(if $(filter debian,$(ROOT)),debian,root).img
iso: $(ISO)

# A new image replaces what was written to the old one, so it depends on what goes in, and
# not on the kernel. test.img is what every test's guest gets a copy of.
$(BUILD)/root.img: $(BUILD)/rootfs.list $(BUILD)/root.size
	$(say) MKE2FS $@
	$(Q)scripts/make-ext2 $@ $(ROOTSIZE) $(BUILD)/rootfs

$(BUILD)/test.img: $(BUILD)/rootfs.list scripts/make-ext2
	$(say) MKE2FS $@
	$(Q)scripts/make-ext2 $@ 64 $(BUILD)/rootfs

$(BUILD)/rootfs.list: $(PROGRAMS) $(CACHE)/busybox scripts/make-rootfs $(BUILD)/programs.list
	$(say) ROOT $(BUILD)/rootfs
	$(Q)scripts/make-rootfs $(BUILD)/rootfs $(CACHE)/busybox $(BUILD)/programs $(PROGRAMS)
	$(Q)(cd $(BUILD)/rootfs && find .) >$@

# Debian's own programs: as large as they are, and a quarter more. What was fetched is kept.
$(BUILD)/debian.list: $(BUILD)/rootfs.list $(BUILD)/packages scripts/fetch-debian
	$(Q)scripts/fetch-debian $(BUILD)/debian $(CACHE)/debian $(BUILD)/rootfs $(PACKAGES)
	$(Q)(cd $(BUILD)/debian && find .) >$@

$(BUILD)/debian.img: $(BUILD)/debian.list
	$(say) MKE2FS $@
	$(Q)size=$$(du -sm $(BUILD)/debian | cut -f1) && \
	  scripts/make-ext2 $@ $$((size * 5 / 4 + 128)) $(BUILD)/debian

$(CACHE)/busybox: | setup
	$(say) FETCH busybox-static:i386
	$(Q)scripts/fetch-busybox $@

$(ISO): $(ELF) boot/grub.cfg scripts/make-iso $(BUILD)/cmdline
	$(say) ISO $@
	$(Q)scripts/make-iso $@ $(ELF) '$(BOOT_LINE)'

# Files that hold a setting, so that changing the setting rebuilds what depends on it.
$(BUILD)/cmdline: WORDS = $(BOOT_LINE)
$(BUILD)/root.size: WORDS = $(ROOTSIZE)
$(BUILD)/programs.list: WORDS = $(sort $(PROGRAMS))
$(BUILD)/packages: WORDS = $(PACKAGES)
$(OBJ)/flags: WORDS = $(CC) $(KERNEL_CFLAGS)
$(UOBJ)/flags: WORDS = $(CC) $(USER_CFLAGS) $(USER_LDFLAGS)
$(BUILD)/cmdline $(BUILD)/root.size $(BUILD)/programs.list $(BUILD)/packages $(OBJ)/flags \
  $(UOBJ)/flags: \
  $(if $(COUNTING),,FORCE) | setup
	@mkdir -p $(@D)
	@echo '$(WORDS)' | cmp -s - $@ || echo '$(WORDS)' >$@

# ---- running ---------------------------------------------------------------------------

DISK_PREFIX = $(if $(filter ata,$(DISK)),hd,vd)
BOOT_LINE = $(strip root=$(DISK_PREFIX)a $(if $(filter-out 0,$(SWAP)),swap=$(DISK_PREFIX)b) \
  explain $(CMDLINE))
BUILDS = --build $(BUILD) --kernel-build $(KERNEL_BUILD)
RUN = scripts/qemu $(BUILDS) --mem $(MEM) --swap $(SWAP) --disk $(DISK) --accel $(ACCEL) \
  --cmdline '$(BOOT_LINE)' $(if $(GUI),--gui) $(if $(GDB),--gdb $(GDB_PORT))

qemu: $(ROOT_IMAGE) $(if $(KERNEL),$(ELF),$(ISO))
	@$(RUN) --root $(notdir $(ROOT_IMAGE)) $(if $(KERNEL),--kernel)

dsm: $(ELF) $(BUILD)/test.img
	@scripts/dsm $(BUILDS) --disk $(DISK) --cmdline '$(CMDLINE)' \
	  $(if $(filter command line,$(origin MEM)),--mem $(MEM))

debug: $(BUILD)/root.img $(BUILD)/test.img $(ELF)
	@scripts/debug $(BUILDS) --mem $(MEM) --swap $(SWAP) --disk $(DISK) \
	  --cmdline '$(CMDLINE)' $(if $(T),--test '$(T)')

ifneq ($(filter record replay,$(MAKECMDGOALS)),)
ifeq ($(T),)
$(error Which test? make $(filter record replay,$(MAKECMDGOALS)) T=vm/cow-simple)
endif
endif

# The plain kernel, too: the bench's budget is for that one.
record: $(ELF) $(BUILD)/test.img
	@scripts/record $(BUILDS) --cmdline '$(CMDLINE)' '$(T)'

# What was recorded, with the kernel it was recorded with: nothing is built.
replay:
	@scripts/record --replay $(BUILDS) '$(T)'

ifeq ($(ROOT),debian)
check: $(ELF) $(BUILD)/debian.list
	@scripts/check-debian $(BUILDS) --cmdline '$(CMDLINE)' $(if $(T),'$(T)')
else
check: $(ELF) $(BUILD)/test.img $(if $(DEBUG),$(if $(filter-out host/%,$(T)),,plain-kernel))
	@scripts/check $(BUILDS) --jobs $(J) --cc $(HOSTCC) --accel $(ACCEL) \
	  --cmdline '$(CMDLINE)' $(if $(T),'$(T)')
endif

# Both call make again for what they run, hence the +.
check-all:
	+@scripts/check-all --build $(BUILD) $(if $(AGAIN),--again) $(SERIES)

chaos:
	+@scripts/chaos $(BUILD) $(SEEDS)

# HEAD on a bare Debian; T, CROSS: as for the commands that are typed there.
fresh: | setup
	@scripts/fresh $(SUITE) --cross '$(CROSS)' --tests '$(T)'

check-linux: $(PROGRAMS)
	@scripts/check --linux --build $(BUILD) --jobs $(J) $(if $(T),'$(T)')

# T: names of mistakes in tests/mistakes; none: all.
mistakes: $(CACHE)/busybox
	@scripts/mistakes --build $(BUILD) $(T)

# T: names of mechanisms in tests/claims; none: all.
demo-claims: $(BUILD)/test.img
	@scripts/demo-claims --build $(BUILD) --jobs $(J) $(T)

# LAB: one of docs/labs. DIR: where the student's repository shall be.
handout: $(ELF)
	@scripts/labs/handout '$(LAB)' '$(if $(filter command line,$(origin DIR)),$(DIR))' '$(SEED)'

# SUBMISSION=DIR, or ALL=DIR with a folder for each; neither: what lies in this hand-out.
grade: $(ELF) $(BUILD)/test.img
	@scripts/labs/grade --build $(BUILD) --jobs $(J) $(if $(SUBMISSION),--submission '$(SUBMISSION)') \
	  $(if $(ALL),--all '$(ALL)') $(if $(ISOLATION),--isolation $(ISOLATION)) \
	  --seed '$(SEED)' '$(LAB)'

check-labs: $(ELF) $(BUILD)/test.img
	@scripts/labs/check-labs --build $(BUILD) $(LAB)

prove-tlb: $(BUILD)/test.img
	@scripts/prove-tlb --build $(BUILD)

# DIR: a folder of C files or static i386 binaries; T: only these of them.
conform: $(ELF) $(BUILD)/test.img
	@scripts/conform $(BUILDS) --dir '$(DIR)' --jobs $(J) --limit $(LIMIT) --mem $(MEM) \
	  --swap $(SWAP) --disk $(DISK) --accel $(ACCEL) --cmdline '$(CMDLINE)' \
	  $(if $(RESUME),--resume) $(if $(T),'$(T)')

# SEEDS: numbers and FIRST-LAST. MEM and CMDLINE, if given, instead of those that take turns.
diff-fuzz: $(ELF) $(BUILD)/test.img
	@scripts/diff-fuzz $(BUILDS) --seeds '$(or $(SEEDS),1-100)' --jobs $(J) \
	  $(if $(filter-out 64,$(MEM)),--mem $(MEM)) --disk $(DISK) --accel $(ACCEL) \
	  $(if $(CMDLINE),--cmdline '$(CMDLINE)')

# N: how many places; none: 400. SEED chooses them.
mutants: $(BUILD)/test.img
	@scripts/mutants --build $(BUILD) -n $(or $(N),400) --seed '$(or $(SEED),1)' --jobs $(J)

# SEED: a number; none: a new one, which it tells.
fuzz: $(ELF) $(BUILD)/test.img
	@scripts/fuzz $(BUILDS) --mem $(or $(filter-out 64,$(MEM)),16) --disk $(DISK) \
	  --seed '$(SEED)' --calls $(CALLS) --cmdline '$(CMDLINE)' --accel $(ACCEL)

# N: how many cuts; SEED: a number; none: a new one, which it tells.
crash: $(ELF) $(BUILD)/test.img
	@scripts/crash $(BUILDS) -n $(or $(N),60) --seed '$(SEED)'

# N of them, from the FIRST-th of SEED on.
ext2-mutants: $(ELF) $(BUILD)/test.img
	@scripts/ext2-mutants $(BUILDS) --jobs $(J) --seed '$(SEED)' --n $(or $(N),500) \
	  --first $(FIRST) --cmdline '$(CMDLINE)' $(if $(AGAIN),--again)

disk-errors: $(ELF) $(BUILD)/test.img
	@scripts/disk-errors $(BUILDS) --jobs $(J) --cmdline '$(CMDLINE)' $(if $(AGAIN),--again)

# In a guest with Debian's compiler: this kernel builds itself, and what comes out is tried.
selfhost: $(ELF) $(BUILD)/test.img
	@scripts/selfhost $(BUILDS) $(if $(filter command line,$(origin MEM)),--mem $(MEM)) \
	  $(if $(filter command line,$(origin SWAP)),--swap $(SWAP)) $(if $(T),--tests '$(T)')

plain-kernel:
	$(if $(COUNTING),,@$(MAKE) --no-print-directory kernel DEBUG=)

# DOCS=1 puts the results into docs/performance.md, too. ONLY: instructions,seconds,swap,curves.
bench: $(ELF) $(BUILD)/test.img $(CACHE)/linux
	@scripts/bench --build $(BUILD) $(if $(ONLY),--only $(ONLY)) $(if $(DOCS),--docs)

bench-budget: $(ELF) $(BUILD)/test.img
	@scripts/bench --build $(BUILD) --write-budget --cc $(CC)

# T='faults anon-write': a program of tests/bench and one of its rows.
profile: $(ELF) $(BUILD)/test.img
	@scripts/profile --build $(BUILD) --cmdline '$(CMDLINE)' $(if $(LINES),--lines) $(T)

lock-times: $(ELF) $(BUILD)/test.img
	@scripts/lock-times --build $(BUILD) --cmdline '$(CMDLINE)' $(if $(T),'$(T)')

$(CACHE)/linux: | setup
	@scripts/fetch-linux $@

# With the emulation of i386; the kind of kernel that the programs' makers have.
$(CACHE)/linux-amd64: | setup
	@scripts/fetch-linux $@ amd64 linux-image-cloud-amd64 trixie

coverage: $(ELF) $(BUILD)/test.img
	@rm -rf $(KERNEL_BUILD)/dumps && mkdir -p $(KERNEL_BUILD)/dumps
	@status=0; scripts/check $(BUILDS) --jobs $(J) --coverage $(KERNEL_BUILD)/dumps \
	  --cmdline '$(CMDLINE)' $(if $(T),'$(T)') || status=1; \
	scripts/coverage $(if $(T),--some) $(KERNEL_BUILD)/dumps $(OBJ) $(KERNEL_BUILD)/report && \
	  exit $$status

# How each C file is compiled, for clangd: made anew each time, as files come and go.
COMPILE_COMMANDS = compile_commands.json
$(COMPILE_COMMANDS): FORCE | setup
	@scripts/compile-commands --cc '$(CC)' --to $@ \
	  --flags='$(KERNEL_CFLAGS)' --files $(KERNEL_C) \
	  --flags='$(VDSO_CFLAGS)' --files $(filter %.c,$(VDSO_SOURCES)) \
	  --flags='$(USER_CFLAGS)' --files $(wildcard lib/user/*.c) $(PROGRAM_C) $(FOLDER_C) \
	  --flags='$(HOST_CFLAGS)' --files $(wildcard tests/host/*.c tests/conform/*.c tests/diff/*.c)

layers: $(KERNEL_O)
	@scripts/layers $(OBJ)

order: $(KERNEL_O)
	@scripts/order $(OBJ)

# The first reading of vm/: make reading | less
reading:
	@scripts/reading

lint: compile_commands.json
	@scripts/lint --jobs $(J)

# A commit is refused then that scripts/lint would refuse. What was there before is kept.
hooks:
	@scripts/hooks

setup:
	@scripts/setup

busybox:
	@rm -f $(CACHE)/busybox
	$(say) FETCH busybox-static:i386
	@scripts/fetch-busybox $(CACHE)/busybox

clean:
	rm -rf $(BUILD)
distclean: clean
	rm -rf build-* $(CACHE)

# CMD: the program to trace, in a guest of its own.
trace: $(ELF) $(BUILD)/$(if $(filter debian,$(ROOT)),debian,test).img
	@scripts/trace/run $(BUILDS) $(if $(filter debian,$(ROOT)),--root $(ROOT_IMAGE) \
	  --tracer /usr/local/bin/trace) --swap $(SWAP) --disk $(DISK) --cmdline '$(CMDLINE)' \
	  $(if $(filter command line,$(origin MEM)),--mem $(MEM)) $(if $(KINDS),--kinds $(KINDS)) \
	  $(CMD)

plot: $(if $(CMD),trace)
	@scripts/trace/plot.py $(BUILD)/trace/events.jsonl $(BUILD)/trace

docs: | setup
	@scripts/web/docs.py $(BUILD)/web/docs
	@for machine in 14-bit i386 pae x86-64; do scripts/exercise $$machine --format html \
	  --out $(BUILD)/web/docs/exercise-$$machine.html >/dev/null || exit; done

# MACHINE: a name, or words that describe one; SEED: which sheet.
exercise:
	@mkdir -p $(BUILD)/exercise
	@for format in text html gift; do scripts/exercise $(MACHINE) --seed '$(or $(SEED),1)' \
	  --format $$format --out $(BUILD)/exercise/sheet.$$format || exit; done

# The pictures of docs/fault.md, drawn from real faults.
swimlanes: $(ELF) $(BUILD)/test.img
	@scripts/trace/run $(BUILDS) demo cow
	@scripts/trace/swimlane.py $(BUILD)/trace/events.jsonl docs/fault-cow.svg --row ANON_COPY
	@scripts/trace/run $(BUILDS) --mem 8 /tests/vm/swap-clean
	@scripts/trace/swimlane.py $(BUILD)/trace/events.jsonl docs/fault-swap.svg --row ANON_OWN \
	  --sleeps

# The pictures of docs/tour.md: of its demos' traces.
tour-pictures: $(ELF) $(BUILD)/test.img
	@scripts/trace/pictures $(BUILDS)

# TRACE: a file of page numbers, or a built-in trace's name; none: all built-in ones.
policy-lab:
	@scripts/policy-lab --build $(BUILD) $(TRACE)

# The page in the browser: static files in build/web, and all of it in pagoda.html there. Its disk
# has busybox and the programs, not the tests. Only this asks for node and its packages.
WEB = $(BUILD)/web-parts
WEB_PROGRAMS = $(filter $(BUILD)/programs/userprog/bin/%,$(PROGRAMS))

web: $(WEB)/root.img $(WEB)/pagoda.elf $(WEB)/compiler.tar
	@scripts/web/setup $(CACHE)/web
	@scripts/web/build.py --build $(BUILD) --packages $(CACHE)/web
	@scripts/web/docs.py $(BUILD)/web/docs
	$(if $(SERVE),@scripts/web/serve $(BUILD)/web)

# The picture of README.md and docs/web.md.
web-picture: web
	@scripts/web/setup $(CACHE)/web --check
	@scripts/web/picture $(BUILD)

# T: names of tests in tests/web; none: all. PART=1: what CI has time for.
check-web: web $(BUILD)/test.img
	@scripts/web/setup $(CACHE)/web --check
	@PART=$(PART) scripts/web/check --build $(BUILD) $(T)

$(WEB)/root.img: $(WEB_PROGRAMS) $(CACHE)/busybox scripts/make-rootfs scripts/make-ext2 \
  scripts/web/help
	$(say) ROOT $(WEB)/rootfs
	@mkdir -p $(WEB)
	$(Q)HELP=scripts/web/help scripts/make-rootfs $(WEB)/rootfs $(CACHE)/busybox $(BUILD)/programs \
	  $(WEB_PROGRAMS)
	$(say) MKE2FS $@
	$(Q)INODES=1024 scripts/make-ext2 $@ 8 $(WEB)/rootfs

# The editor's compiler, which comes into the machine when it is first used.
$(CACHE)/tcc/libtcc.a: | setup
	@scripts/web/compiler/fetch $(@D)

$(WEB)/compiler.tar: $(CACHE)/tcc/libtcc.a $(CRT0) $(BUILD)/libuser.a $(wildcard \
  scripts/web/compiler/* lib/user/include/*.h lib/user/include/*/*.h)
	$(say) TAR $@
	@mkdir -p $(WEB)
	$(Q)CC='$(CC) $(M32)' scripts/web/compiler/make $@ $(CACHE)/tcc $(CRT0) $(BUILD)/libuser.a

$(WEB)/pagoda.elf: $(ELF)
	@mkdir -p $(WEB)
	$(Q)$(CROSS)strip -o $@ $<

help:
	@scripts/help

-include $(KERNEL_O:.o=.d) $(CRT0:.o=.d) $(LIBUSER_O:.o=.d) $(PROGRAM_C:%=$(UOBJ)/%.d) \
  $(FOLDER_C:%=$(UOBJ)/%.d)
FORCE:
.PHONY: all kernel plain-kernel programs image iso setup busybox clean distclean help FORCE
.PHONY: docs exercise qemu dsm debug record replay trace plot swimlanes tour-pictures policy-lab
.PHONY: bench bench-budget profile lock-times
.PHONY: check check-all check-linux chaos conform coverage crash diff-fuzz fresh fuzz layers mistakes
.PHONY: lint hooks reading
.PHONY: check-labs demo-claims grade handout mutants order prove-tlb selfhost web check-web web-picture
