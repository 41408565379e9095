/* SPDX-License-Identifier: MIT */
/*
 * Undefined behaviour, reported. In a debug build the compiler puts a check beside each
 * operation that C leaves undefined for some operands, and calls one of the functions below
 * when one fails: the kernel stops and says where and what. Their names and the layout of
 * what they are given are an interface between compiler and run-time library, the same for
 * gcc and clang (LLVM's compiler-rt, ubsan_handlers.h). None of them returns, so they are
 * the variants whose names end in _abort.
 *
 * The Makefile leaves out four kinds of checks: null pointers (the page at 0 is never
 * mapped, so the processor finds them for nothing), object sizes (found by bounds where an
 * array's size is known), alignment (the i386 has none, and packed structures of devices
 * and disks rely on that), and C++'s vptr. With clang it leaves out overflow of pointers, too:
 * that has no NULL + 0, which a program may well give read(2); and the types of functions that
 * are called (from clang 17 on): every system call is called with six words.
 */
#ifdef PAGODA_DEBUG

#include "kernel/panic.h"
#include "lib/printf.h"
#include "lib/types.h"

#define NUMBER_SIZE 24
#define KIND_INTEGER 0

struct place {
	const char *file;
	uint32_t line, column;
};

/* An integer's info: bit 0 says signed, the rest is the binary logarithm of its width. */
struct type {
	uint16_t kind, info;
	char name[];
};

/* What the compiler says of the operation; the values come as further arguments. */
struct overflow {
	struct place place;
	const struct type *type;
};

struct shift {
	struct place place;
	const struct type *left, *right;
};

struct bounds {
	struct place place;
	const struct type *array, *index;
};

struct load {
	struct place place;
	const struct type *type;
};

struct argument {
	struct place place;
	struct place attribute;
	int number;
};

struct builtin {
	struct place place;
	uint8_t kind;
};

/* The place of the `return`; of the function's attribute. */
struct result {
	struct place attribute;
};

void __ubsan_handle_add_overflow_abort(struct overflow *, uintptr_t, uintptr_t);
void __ubsan_handle_sub_overflow_abort(struct overflow *, uintptr_t, uintptr_t);
void __ubsan_handle_mul_overflow_abort(struct overflow *, uintptr_t, uintptr_t);
void __ubsan_handle_divrem_overflow_abort(struct overflow *, uintptr_t, uintptr_t);
void __ubsan_handle_negate_overflow_abort(struct overflow *, uintptr_t);
void __ubsan_handle_shift_out_of_bounds_abort(struct shift *, uintptr_t, uintptr_t);
void __ubsan_handle_out_of_bounds_abort(struct bounds *, uintptr_t);
void __ubsan_handle_pointer_overflow_abort(struct place *, uintptr_t, uintptr_t);
void __ubsan_handle_load_invalid_value_abort(struct load *, uintptr_t);
void __ubsan_handle_vla_bound_not_positive_abort(struct load *, uintptr_t);
void __ubsan_handle_nonnull_arg_abort(struct argument *);
void __ubsan_handle_nonnull_return_v1_abort(struct result *, struct place *);
void __ubsan_handle_invalid_builtin_abort(struct builtin *);
void __ubsan_handle_builtin_unreachable(struct place *);

#define STOP(place, format, ...)                                                \
	panic("undefined behaviour at %s:%u: " format, (place)->file,           \
	      (place)->line, ##__VA_ARGS__)

static bool is_signed(const struct type *type)
{
	return type->info & 1;
}

static unsigned width(const struct type *type)
{
	return 1u << (type->info >> 1);
}

/* A value is given itself if it fits into a register, else by its address. Extended to 64
 * bits as its type says. */
static uint64_t number(const struct type *type, uintptr_t value)
{
	if (width(type) > 32)
		return *(const uint64_t *)value;
	unsigned unused = 64 - width(type);
	uint64_t high = (uint64_t)value << unused;
	return is_signed(type) ? (uint64_t)((int64_t)high >> unused) : high >> unused;
}

static const char *digits(char text[NUMBER_SIZE], const struct type *type, uintptr_t value)
{
	if (type->kind != KIND_INTEGER)
		return "a value";
	snprintf(text, NUMBER_SIZE, is_signed(type) ? "%lld" : "%llu",
	         (unsigned long long)number(type, value));
	return text;
}

static _Noreturn void overflow(const struct overflow *data, const char *sign, uintptr_t left,
                               uintptr_t right)
{
	char a[NUMBER_SIZE], b[NUMBER_SIZE];
	STOP(&data->place, "%s %s %s does not fit into %s", digits(a, data->type, left), sign,
	     digits(b, data->type, right), data->type->name);
}

void __ubsan_handle_add_overflow_abort(struct overflow *data, uintptr_t left, uintptr_t right)
{
	overflow(data, "+", left, right);
}

void __ubsan_handle_sub_overflow_abort(struct overflow *data, uintptr_t left, uintptr_t right)
{
	overflow(data, "-", left, right);
}

void __ubsan_handle_mul_overflow_abort(struct overflow *data, uintptr_t left, uintptr_t right)
{
	overflow(data, "*", left, right);
}

void __ubsan_handle_divrem_overflow_abort(struct overflow *data, uintptr_t left,
                                          uintptr_t right)
{
	if (number(data->type, right) == 0)
		STOP(&data->place, "division by zero");
	overflow(data, "/", left, right);
}

void __ubsan_handle_negate_overflow_abort(struct overflow *data, uintptr_t value)
{
	char text[NUMBER_SIZE];
	STOP(&data->place, "-(%s) does not fit into %s", digits(text, data->type, value),
	     data->type->name);
}

void __ubsan_handle_shift_out_of_bounds_abort(struct shift *data, uintptr_t left,
                                              uintptr_t right)
{
	char a[NUMBER_SIZE], b[NUMBER_SIZE];
	STOP(&data->place, "%s shifted by %s: the type %s has %u bits", digits(a, data->left, left),
	     digits(b, data->right, right), data->left->name, width(data->left));
}

void __ubsan_handle_out_of_bounds_abort(struct bounds *data, uintptr_t index)
{
	char text[NUMBER_SIZE];
	STOP(&data->place, "element %s of an array %s", digits(text, data->index, index),
	     data->array->name);
}

void __ubsan_handle_pointer_overflow_abort(struct place *place, uintptr_t base,
                                           uintptr_t result)
{
	STOP(place, "the pointer %#lx becomes %#lx", (unsigned long)base, (unsigned long)result);
}

void __ubsan_handle_load_invalid_value_abort(struct load *data, uintptr_t value)
{
	char text[NUMBER_SIZE];
	STOP(&data->place, "%s is no value of type %s", digits(text, data->type, value),
	     data->type->name);
}

void __ubsan_handle_vla_bound_not_positive_abort(struct load *data, uintptr_t value)
{
	char text[NUMBER_SIZE];
	STOP(&data->place, "an array of %s elements", digits(text, data->type, value));
}

void __ubsan_handle_nonnull_arg_abort(struct argument *data)
{
	STOP(&data->place, "argument %d must not be a null pointer", data->number);
}

void __ubsan_handle_nonnull_return_v1_abort(struct result *data, struct place *place)
{
	(void)data;
	STOP(place, "a null pointer is returned by a function that promises never to");
}

void __ubsan_handle_invalid_builtin_abort(struct builtin *data)
{
	STOP(&data->place, "the bits of zero are counted");
}

void __ubsan_handle_builtin_unreachable(struct place *place)
{
	STOP(place, "a place was reached that was declared unreachable");
}

#endif
