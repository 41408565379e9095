/* A child writes to a page that its parent has, too. prints: here 1, in the child 2 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	int *number = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;

	*number = 1;
	if (fork() == 0) {
		*number = 2; /* its own copy, from here on */
		_exit(*number);
	}
	wait(&status);
	printf("here %d, in the child %d\n", *number, WEXITSTATUS(status));
	return 0;
}
