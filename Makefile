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
ACCEL = tcg
ROOTSIZE = 64
SEED =
CALLS = 10000000
T =
CMD =
KINDS =
J := $(shell nproc 2>/dev/null || echo 1)
V =
# The tests run with the kernel that checks itself; `make check DEBUG=` takes the plain one.
DEBUG = $(if $(filter check debug record fuzz,$(MAKECMDGOALS)),1)

CC = gcc
BUILD = build
# make coverage: vm/ counts which of its lines run.
COVERAGE = $(if $(filter coverage,$(MAKECMDGOALS)),1)
# make lock-times: the kernel looks at the time whenever it takes a spinlock and lets it go.
LOCK_TIMES = $(if $(filter lock-times,$(MAKECMDGOALS)),1)
KERNEL_BUILD = $(BUILD)$(if $(COVERAGE),/coverage,$(KERNEL_KIND))
KERNEL_KIND = $(if $(LOCK_TIMES),/locktimes,$(if $(DEBUG),/checked))
ELF = $(KERNEL_BUILD)/pagoda.elf
ISO = $(KERNEL_BUILD)/pagoda.iso
OBJ = $(KERNEL_BUILD)/obj
UOBJ = $(BUILD)/uobj
CACHE = .cache

# mke2fs, e2fsck and mkswap live where an ordinary user's PATH may not look.
export PATH := $(PATH):/usr/sbin:/sbin
RECORD = $(filter record,$(MAKECMDGOALS))
export CC GUI RECORD

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(J)
endif
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

Q = $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-6s %s\n')
# $(call once,NAME,COMMAND): the command's output, asked for at most once, when first used.
once = $(eval $(1) := $$(shell $(2)))$($(1))

all: kernel programs image iso

# ---- kernel ----------------------------------------------------------------------------

WARN = -Wall -Wextra -Werror
# Nothing in the kernel wants a stack aligned to more than a word, as programs' is for SSE.
STACK_ALIGNMENT = $(if $(findstring clang,$(CC)),-mstack-alignment=4,-mpreferred-stack-boundary=2)
KERNEL_CFLAGS = -m32 -march=i686 -mtune=generic $(STACK_ALIGNMENT) -std=gnu11 \
  $(if $(DEBUG),-O2,-O3) -g -ffreestanding -fno-pic -fno-pie \
  -fno-stack-protector -fno-omit-frame-pointer -mgeneral-regs-only -mno-red-zone \
  -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none $(WARN) -I. \
  -MMD -MP $(if $(DEBUG),$(DEBUG_CFLAGS)) $(if $(LOCK_TIMES),-DPAGODA_LOCK_TIMES) $(EXTRA_CFLAGS)
# PAGODA_DEBUG: the order of locks is checked, and freed memory filled with junk. kernel/ubsan.c
# says why some checks of undefined behaviour are left out. With them gcc no longer sees that
# a variable is set on every way, so that warning is the plain kernel's alone.
DEBUG_CFLAGS = -DPAGODA_DEBUG -fsanitize=undefined -fno-sanitize-recover=all \
  -fno-sanitize=null,alignment,object-size,vptr \
  $(if $(filter clang,$(CC)),-fno-sanitize=pointer-overflow,-Wno-maybe-uninitialized)
ifneq ($(COVERAGE),)
$(OBJ)/vm/%: KERNEL_CFLAGS += -Og -fno-inline -fprofile-arcs -ftest-coverage -fprofile-info-section
KERNEL_CFLAGS += -DPAGODA_DEBUG
COVERAGE_LINK = $(OBJ)/tests/coverage/runtime.c.o -Wl,--wrap=power_off -lgcov
endif
LIBGCC = $(call once,LIBGCC,$(CC) -m32 -print-libgcc-file-name)

KERNEL_C = $(wildcard boot/*.c kernel/*.c kernel/*/*.c vm/*.c vm/policy/*.c userprog/*.c lib/*.c)
KERNEL_S = $(wildcard boot/*.S kernel/*/*.S vm/*.S userprog/*.S)
KERNEL_O = $(KERNEL_C:%=$(OBJ)/%.o) $(KERNEL_S:%=$(OBJ)/%.o)

kernel: $(ELF)

LINK_KERNEL = $(CC) -m32 -nostdlib -static -Wl,--build-id=none -Wl,-T,linker.ld \
  $(KERNEL_O) $(COVERAGE_LINK) $(LIBGCC) $(KERNEL_BUILD)/symbols.s

# Linked twice: the second time with the table of functions that the first one had.
$(ELF): $(KERNEL_O) $(filter %.o,$(COVERAGE_LINK)) linker.ld scripts/symbols.py
	$(say) LD $@
	$(Q)scripts/symbols.py </dev/null >$(KERNEL_BUILD)/symbols.s
	$(Q)$(LINK_KERNEL) -o $(KERNEL_BUILD)/pagoda.first
	$(Q)nm $(KERNEL_BUILD)/pagoda.first | scripts/symbols.py >$(KERNEL_BUILD)/symbols.s
	$(Q)$(LINK_KERNEL) -o $@
	$(Q)rm -f $(KERNEL_BUILD)/pagoda.first

$(OBJ)/%.o: % $(OBJ)/flags | setup
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) -c $< -o $@

# ---- programs of the disk image --------------------------------------------------------

CC_INCLUDE = $(call once,CC_INCLUDE,$(CC) -print-file-name=include)
USER_CFLAGS = -m32 -march=i686 -std=gnu11 -O1 -g -ffreestanding -nostdinc \
  -isystem lib/user/include -isystem $(CC_INCLUDE) \
  -isystem /usr/include/x86_64-linux-gnu -isystem /usr/include -I. \
  -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
  -fno-omit-frame-pointer -fcf-protection=none $(WARN) -MD -MP $(EXTRA_CFLAGS)
USER_LDFLAGS = -m32 -static -nostdlib -Wl,-z,noexecstack -Wl,-z,norelro \
  -Wl,--build-id=none

CRT0 = $(UOBJ)/lib/user/crt0.S.o
LIBUSER_SOURCES = $(wildcard lib/user/*.c lib/user/*.S lib/*.c)
LIBUSER_O = $(filter-out $(CRT0),$(LIBUSER_SOURCES:%=$(UOBJ)/%.o))
PROGRAM_C = $(wildcard userprog/bin/*.c $(patsubst %,tests/%/*.c,vm userprog fs bench))
# A folder of userprog/bin is one program of several files.
FOLDERS = $(patsubst %/,%,$(wildcard userprog/bin/*/))
FOLDER_C = $(wildcard $(FOLDERS:%=%/*.c))
PROGRAMS = $(PROGRAM_C:%.c=$(BUILD)/programs/%) $(FOLDERS:%=$(BUILD)/programs/%)

programs: $(PROGRAMS)

$(foreach folder,$(FOLDERS),$(eval $(BUILD)/programs/$(folder): \
  $(patsubst %,$(UOBJ)/%.o,$(wildcard $(folder)/*.c))))
$(FOLDERS:%=$(BUILD)/programs/%): $(CRT0) $(BUILD)/libuser.a
	$(say) LINK $(@:$(BUILD)/programs/%=%)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libuser.a $(LIBGCC)

$(BUILD)/programs/%: $(UOBJ)/%.c.o $(CRT0) $(BUILD)/libuser.a
	$(say) LINK $(@:$(BUILD)/programs/%=%)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_LDFLAGS) -o $@ $(CRT0) $< $(BUILD)/libuser.a $(LIBGCC)

$(BUILD)/libuser.a: $(LIBUSER_O)
	$(say) AR $@
	$(Q)rm -f $@ && ar rcs $@ $(LIBUSER_O)

$(UOBJ)/%.o: % $(UOBJ)/flags | setup
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -c $< -o $@

# ---- disks and ISO ---------------------------------------------------------------------

image: $(BUILD)/root.img $(BUILD)/test.img
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

$(CACHE)/busybox: | setup
	$(Q)scripts/fetch-busybox $@

$(ISO): $(ELF) boot/grub.cfg scripts/make-iso $(BUILD)/cmdline
	$(say) ISO $@
	$(Q)scripts/make-iso $@ $(ELF) '$(BOOT_LINE)'

# Files that hold a setting, so that changing the setting rebuilds what depends on it.
$(BUILD)/cmdline: WORDS = $(BOOT_LINE)
$(BUILD)/root.size: WORDS = $(ROOTSIZE)
$(BUILD)/programs.list: WORDS = $(sort $(PROGRAMS))
$(OBJ)/flags: WORDS = $(CC) $(KERNEL_CFLAGS)
$(UOBJ)/flags: WORDS = $(CC) $(USER_CFLAGS) $(USER_LDFLAGS)
$(BUILD)/cmdline $(BUILD)/root.size $(BUILD)/programs.list $(OBJ)/flags $(UOBJ)/flags: \
  FORCE | setup
	@mkdir -p $(@D)
	@echo '$(WORDS)' | cmp -s - $@ || echo '$(WORDS)' >$@

# ---- running ---------------------------------------------------------------------------

DISK_PREFIX = $(if $(filter ata,$(DISK)),hd,vd)
BOOT_LINE = $(strip root=$(DISK_PREFIX)a $(if $(filter-out 0,$(SWAP)),swap=$(DISK_PREFIX)b) \
  explain $(CMDLINE))
BUILDS = --build $(BUILD) --kernel-build $(KERNEL_BUILD)
RUN = scripts/qemu $(BUILDS) --mem $(MEM) --swap $(SWAP) --disk $(DISK) --accel $(ACCEL) \
  --cmdline '$(BOOT_LINE)' $(if $(GUI),--gui) $(if $(GDB),--gdb)

qemu: $(BUILD)/root.img $(if $(KERNEL),$(ELF),$(ISO))
	@$(RUN) $(if $(KERNEL),--kernel)

debug: $(BUILD)/root.img $(BUILD)/test.img $(ELF)
	@scripts/debug $(BUILDS) --mem $(MEM) --swap $(SWAP) --disk $(DISK) \
	  --cmdline '$(CMDLINE)' $(if $(T),--test '$(T)')

# The plain kernel, too: the bench's budget is for that one.
record: $(ELF) $(BUILD)/test.img
	@scripts/record $(BUILDS) --cmdline '$(CMDLINE)' $(if $(T),'$(T)','which test? T=vm/...')

# What was recorded, with the kernel it was recorded with: nothing is built.
replay:
	@scripts/record --replay $(BUILDS) $(if $(T),'$(T)','which test? T=vm/...')

check: $(ELF) $(BUILD)/test.img $(if $(DEBUG),$(if $(filter-out host/%,$(T)),,plain-kernel))
	@scripts/check $(BUILDS) --jobs $(J) --cc $(CC) --accel $(ACCEL) \
	  --cmdline '$(CMDLINE)' $(if $(T),'$(T)')

check-linux: $(PROGRAMS)
	@scripts/check --linux --build $(BUILD) --jobs $(J) $(if $(T),'$(T)')

prove-tlb: $(BUILD)/test.img
	@scripts/prove-tlb --build $(BUILD)

# SEED: a number; none: a new one, which it tells.
fuzz: $(ELF) $(BUILD)/test.img
	@scripts/fuzz $(BUILDS) --mem $(or $(filter-out 64,$(MEM)),16) --disk $(DISK) \
	  --seed '$(SEED)' --calls $(CALLS) --cmdline '$(CMDLINE)' --accel $(ACCEL)

plain-kernel:
	@$(MAKE) --no-print-directory kernel DEBUG=

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

coverage: $(ELF) $(BUILD)/test.img
	@rm -rf $(KERNEL_BUILD)/dumps && mkdir -p $(KERNEL_BUILD)/dumps
	@status=0; scripts/check $(BUILDS) --jobs $(J) --coverage $(KERNEL_BUILD)/dumps \
	  --cmdline '$(CMDLINE)' $(if $(T),'$(T)') || status=1; \
	scripts/coverage $(if $(T),--some) $(KERNEL_BUILD)/dumps $(OBJ) $(KERNEL_BUILD)/report && \
	  exit $$status

layers: $(KERNEL_O)
	@scripts/layers $(OBJ)

setup:
	@scripts/setup

busybox:
	@rm -f $(CACHE)/busybox
	@scripts/fetch-busybox $(CACHE)/busybox

clean:
	rm -rf $(BUILD)
distclean: clean
	rm -rf build-* $(CACHE)

# CMD: the program to trace, in a guest of its own.
trace: $(ELF) $(BUILD)/test.img
	@scripts/trace/run $(BUILDS) --swap $(SWAP) --disk $(DISK) --cmdline '$(CMDLINE)' \
	  $(if $(filter command line,$(origin MEM)),--mem $(MEM)) $(if $(KINDS),--kinds $(KINDS)) \
	  $(CMD)

plot: $(if $(CMD),trace)
	@scripts/trace/plot.py $(BUILD)/trace/events.jsonl $(BUILD)/trace

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

help:
	@scripts/help

-include $(KERNEL_O:.o=.d) $(CRT0:.o=.d) $(LIBUSER_O:.o=.d) $(PROGRAM_C:%=$(UOBJ)/%.d) \
  $(FOLDER_C:%=$(UOBJ)/%.d)
FORCE:
.PHONY: plain-kernel bench bench-budget profile lock-times
.PHONY: all kernel programs image iso qemu debug record replay check check-linux prove-tlb fuzz \
  coverage layers setup busybox \
  policy-lab trace plot swimlanes tour-pictures clean distclean help FORCE
