/* Memory is a promise until it is touched. prints: page 9 of 10 */
#include <stdio.h>
#include <sys/mman.h>

#define PAGE 4096

int main(void)
{
	char *memory = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int page = 0; page < 10; page++) {
		memory[page * PAGE] = 'w'; /* a page fault */
		printf("page %d of 10\n", page);
	}
	return 0;
}
