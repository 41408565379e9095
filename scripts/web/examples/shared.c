/* With MAP_SHARED both have one frame. prints: the child wrote 42 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	int *number = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (fork() == 0) {
		*number = 42;
		_exit(0);
	}
	wait(NULL);
	printf("the child wrote %d\n", *number);
	return 0;
}
