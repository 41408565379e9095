# Pagoda: build, run, check. `make help` lists everything.
CC = gcc
BUILD = build
OBJ = $(BUILD)/obj

WARN = -Wall -Wextra -Werror
KERNEL_CFLAGS = -m32 -march=i686 -std=gnu11 -O2 -g -ffreestanding -fno-pic -fno-pie \
  -fno-stack-protector -fno-omit-frame-pointer -mgeneral-regs-only -mno-red-zone \
  -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none $(WARN) -I. \
  -MMD -MP $(EXTRA_CFLAGS)
LIBGCC := $(shell $(CC) -m32 -print-libgcc-file-name)

KERNEL_C = $(wildcard boot/*.c kernel/*.c kernel/*/*.c vm/*.c vm/policy/*.c userprog/*.c lib/*.c)
KERNEL_S = $(wildcard boot/*.S kernel/*/*.S vm/*.S userprog/*.S)
KERNEL_O = $(KERNEL_C:%=$(OBJ)/%.o) $(KERNEL_S:%=$(OBJ)/%.o)

all: $(BUILD)/pagoda.elf

$(BUILD)/pagoda.elf: $(KERNEL_O) linker.ld
	$(CC) -m32 -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-T,linker.ld -o $@ $(KERNEL_O) $(LIBGCC)

$(OBJ)/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL_CFLAGS) -c $< -o $@
$(OBJ)/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(KERNEL_CFLAGS) -c $< -o $@

clean:
	rm -rf $(BUILD)
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
.PHONY: all clean
