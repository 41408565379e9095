/* SPDX-License-Identifier: MIT */
/* ISO C 7.2. May be included again with NDEBUG changed, so it has no include guard. */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) \
	((condition) ? (void)0 : __assert_fail(#condition, __FILE__, __LINE__, __func__))
#endif
#define static_assert _Static_assert

/* Says on standard error what did not hold, and aborts. */
_Noreturn void __assert_fail(const char *condition, const char *file, int line,
                             const char *function);
