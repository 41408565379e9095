/* SPDX-License-Identifier: MIT */
/*
 * epoll(7): a set of files that is asked which of them are ready.
 *
 *     file.watches ---- watch ---- watch ----        (one for each epoll that has it)
 *                         |          |
 *     epoll A.watches ----+----------)---- ...       A.ready: watches that were woken, and
 *     epoll B.watches ---------------+---- ...       have not been found idle since
 *
 * A watch stands on the queues of its file (wait_watch): a wake puts it on its epoll's list of
 * ready ones, and nothing else is looked at when somebody asks. Being there is a hint: the file's
 * own poll operation decides, and one that is not ready after all leaves the list. One that was
 * told stays, unless EPOLLET or EPOLLONESHOT says that it is to be woken again first.
 *
 * An epoll in an epoll stands on no queue: what wakes the inner one goes on to those that watch
 * its file.
 *
 * epoll_mutex guards which watches there are; a file that is watched lives until epoll_forget,
 * which takes it. ready_lock (irq) guards the lists of ready ones, `armed`, and, with the mutex,
 * file->watches. Order: epoll_mutex; a file's wait queue -> ready_lock -> an epoll's wait queue.
 */
#include <asm/errno.h>
#include <asm/poll.h>
#include <linux/eventpoll.h>

#include "kernel/charge.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/procfs.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"

#define CHAIN_MOST 5u /* epolls that watch one another, one in the next */
#define NO_EVENTS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EXCLUSIVE_EVENTS \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct epoll {
	struct file *file;         /* without a reference */
	struct list watches;       /* epoll_mutex */
	struct list ready;         /* ready_lock; in the order of their wakes */
	bool looking;              /* ready_lock: some are off the list, being looked at; set with */
	                           /* epoll_mutex held */
	struct wait_queue changed;
	uint32_t noted;            /* ready_lock: the wake that it was last told of */
	uint32_t round, nests;     /* epoll_mutex: of the search for circles */
};

struct watch;

struct place {
	struct waiter waiter;
	struct watch *watch;
};

struct watch {
	struct epoll *epoll;
	struct file *file;         /* without a reference */
	int number;                /* what it was added as; with the file its identity */
	uint32_t uid;              /* whom its memory is charged to */
	struct epoll_event event;  /* epoll_mutex */
	bool armed;                /* ready_lock; false: EPOLLONESHOT, and it was told */
	struct list_link of_epoll, of_file;
	struct list_link ready;    /* ready_lock */
	uint32_t place_count;
	struct place places[POLL_QUEUES_MOST];
};

static struct mutex epoll_mutex = MUTEX_INIT(epoll_mutex, "epoll");
static struct spinlock ready_lock = SPINLOCK_INIT("epoll ready");
static struct slab_cache epoll_slab = SLAB_CACHE("epoll", sizeof(struct epoll));
static struct slab_cache watch_slab = SLAB_CACHE("epoll_watch", sizeof(struct watch));
static const struct file_ops epoll_ops;

bool file_is_epoll(const struct file *file)
{
	return file->ops == &epoll_ops;
}

static struct epoll *inner_of(const struct watch *watch)
{
	return file_is_epoll(watch->file) ? watch->file->private : NULL;
}

/* --- readiness -------------------------------------------------------------------------- */

/* ready_lock held. Goes on to the outer ones though it may be noted already: EPOLLET there. */
static void note_ready(struct watch *watch, uint32_t round)
{
	struct epoll *epoll = watch->epoll;

	if (!watch->armed)
		return;
	if (!list_linked(&watch->ready))
		list_append(&epoll->ready, &watch->ready);
	if (epoll->noted == round)
		return;
	epoll->noted = round;
	wait_wake_all(&epoll->changed);
	LIST_FOR(&epoll->file->watches, struct watch, outer, of_file)
		note_ready(outer, round);
}

static void note(struct watch *watch)
{
	static uint32_t round;
	uint32_t flags = spin_lock_irq(&ready_lock);
	note_ready(watch, ++round);
	spin_unlock_irq(&ready_lock, flags);
}

/* EPOLLEXCLUSIVE: of several epolls those are left out that come after one where somebody sleeps. */
static bool woken(struct waiter *waiter, bool taken)
{
	struct watch *watch = LIST_ENTRY(waiter, struct place, waiter)->watch;
	bool exclusive = watch->event.events & EPOLLEXCLUSIVE;
	bool takes = exclusive && wait_any(&watch->epoll->changed);

	if (!exclusive || !taken)
		note(watch);
	return takes;
}

static bool any_ready(struct epoll *epoll);

/* Which of the events it waits for are there. With the mutex. */
static uint32_t events_now(const struct watch *watch)
{
	struct epoll *inner = inner_of(watch);
	uint32_t mask = 0;

	if (!inner)
		mask = file_poll(watch->file, NULL);
	else if (any_ready(inner))
		mask = POLLIN | POLLRDNORM;
	return mask & watch->event.events & ~(uint32_t)NO_EVENTS;
}

/* The first of the list, the epoll's own or one that was taken from it, is taken off; NULL: all have
 * been looked at. With the mutex. */
static struct watch *pop(struct epoll *epoll, struct list *ready)
{
	uint32_t flags = spin_lock_irq(&ready_lock);
	struct list_link *link = list_pop(ready);
	epoll->looking = link != NULL;
	spin_unlock_irq(&ready_lock, flags);
	return link ? LIST_ENTRY(link, struct watch, ready) : NULL;
}

/* Whether any of those that were woken is ready; those in front that are not leave the list. With
 * the mutex. */
static bool any_ready(struct epoll *epoll)
{
	for (struct watch *watch; (watch = pop(epoll, &epoll->ready)) != NULL;) {
		if (!events_now(watch))
			continue;
		uint32_t flags = spin_lock_irq(&ready_lock);
		if (!list_linked(&watch->ready))
			list_prepend(&epoll->ready, &watch->ready);
		epoll->looking = false;
		spin_unlock_irq(&ready_lock, flags);
		return true;
	}
	return false;
}

/* It was told: is it to be told again while it stays ready? */
static void told(struct watch *watch)
{
	uint32_t flags = spin_lock_irq(&ready_lock);
	if (watch->event.events & EPOLLONESHOT) {
		watch->armed = false;
		list_remove(&watch->ready);
	} else if (!(watch->event.events & EPOLLET) && !list_linked(&watch->ready)) {
		list_append(&watch->epoll->ready, &watch->ready);
	}
	spin_unlock_irq(&ready_lock, flags);
}

/* All elements of `from` get in front of those of `to`. ready_lock held. */
static void move_to_front(struct list *to, struct list *from)
{
	while (!list_empty(from)) {
		struct list_link *last = from->head.previous;
		list_remove(last);
		list_prepend(to, last);
	}
}

uint32_t epoll_take(struct file *file, struct epoll_event *events, uint32_t most)
{
	struct epoll *epoll = file->private;
	struct list looked = LIST_INIT(looked);
	struct watch *watch;
	uint32_t count = 0;

	SCOPED_MUTEX(&epoll_mutex);
	uint32_t flags = spin_lock_irq(&ready_lock);
	move_to_front(&looked, &epoll->ready);
	epoll->looking = true;
	spin_unlock_irq(&ready_lock, flags);
	while (count < most && (watch = pop(epoll, &looked)) != NULL) {
		uint32_t now = events_now(watch);
		if (!now)
			continue;
		events[count++] = (struct epoll_event){now, watch->event.data};
		told(watch);
	}
	flags = spin_lock_irq(&ready_lock);
	move_to_front(&epoll->ready, &looked);
	epoll->looking = false;
	spin_unlock_irq(&ready_lock, flags);
	return count;
}

/* Whether it is worth a look. The list may be empty only because another looks at what was on it,
 * and will put back what he does not take: nobody is woken for that again. Who looks then waits for
 * the mutex. */
static bool may_be_ready(struct epoll *epoll)
{
	uint32_t flags = spin_lock_irq(&ready_lock);
	bool may_be = epoll->looking || !list_empty(&epoll->ready);
	spin_unlock_irq(&ready_lock, flags);
	return may_be;
}

int epoll_sleep(struct file *file, uint64_t deadline)
{
	struct epoll *epoll = file->private;

	return WAIT_FOR(&epoll->changed, may_be_ready(epoll), true, deadline);
}

/* It sleeps for the mutex: who polls watches queues, and loses no wake by that. */
static uint32_t epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *epoll = file->private;

	poll_wait(table, &epoll->changed);
	SCOPED_MUTEX(&epoll_mutex);
	return any_ready(epoll) ? POLLIN | POLLRDNORM : 0;
}

/* --- which files are watched: with the mutex --------------------------------------------- */

struct joining {
	struct poll_table table;
	struct watch *watch;
};

static void join(struct poll_table *table, struct wait_queue *queue)
{
	struct watch *watch = LIST_ENTRY(table, struct joining, table)->watch;

	ASSERT_SAYING(watch->place_count < POLL_QUEUES_MOST,
	              "a file is polled by too many queues");
	struct place *place = &watch->places[watch->place_count++];
	place->watch = watch;
	wait_watch(queue, &place->waiter, woken);
}

static void look_at_once(struct watch *watch)
{
	if (events_now(watch))
		note(watch);
}

static struct watch *find(const struct epoll *epoll, const struct file *file, int number)
{
	LIST_FOR(&file->watches, struct watch, watch, of_file)
		if (watch->epoll == epoll && watch->number == number)
			return watch;
	return NULL;
}

static void arm(struct watch *watch, const struct epoll_event *event)
{
	uint32_t flags = spin_lock_irq(&ready_lock);
	watch->event = *event;
	watch->event.events |= POLLERR | POLLHUP;
	watch->armed = true;
	spin_unlock_irq(&ready_lock, flags);
}

static int watch_begin(struct epoll *epoll, struct file *file, int number,
                       const struct epoll_event *event)
{
	uint32_t uid = rights_caller()->uid;
	int error = charge_user(uid, sizeof(struct watch));
	struct watch *watch = error ? NULL : slab_alloc_zeroed(&watch_slab);

	if (error)
		return error;
	if (!watch) {
		charge_return(uid, sizeof *watch);
		return -ENOMEM;
	}
	*watch = (struct watch){
		.epoll = epoll, .file = file, .number = number, .uid = uid};
	list_link_init(&watch->ready);
	arm(watch, event);
	list_append(&epoll->watches, &watch->of_epoll);
	uint32_t flags = spin_lock_irq(&ready_lock);
	list_append(&file->watches, &watch->of_file);
	spin_unlock_irq(&ready_lock, flags);
	if (!inner_of(watch)) {
		struct joining joining = {{join}, watch};
		file_poll(file, &joining.table);
	}
	look_at_once(watch);
	return 0;
}

static void watch_end(struct watch *watch)
{
	for (uint32_t i = 0; i < watch->place_count; i++)
		wait_unwatch(&watch->places[i].waiter);
	list_remove(&watch->of_epoll);
	uint32_t flags = spin_lock_irq(&ready_lock);
	list_remove(&watch->of_file);
	list_remove(&watch->ready);
	spin_unlock_irq(&ready_lock, flags);
	charge_return(watch->uid, sizeof *watch);
	slab_free(&watch_slab, watch);
}

void epoll_forget(struct file *file)
{
	SCOPED_MUTEX(&epoll_mutex);
	LIST_FOR_SAFE(&file->watches, struct watch, watch, of_file)
		watch_end(watch);
}

/* How many epolls follow each other downwards from this one at most; UINT32_MAX: `above` is among
 * them. Each is looked at once in a round. */
static uint32_t depth_below(struct epoll *epoll, const struct epoll *above, uint32_t round)
{
	uint32_t nests = 0;

	if (epoll == above)
		return UINT32_MAX;
	if (epoll->round == round)
		return epoll->nests;
	LIST_FOR(&epoll->watches, struct watch, watch, of_epoll) {
		struct epoll *inner = inner_of(watch);
		uint32_t below = inner ? depth_below(inner, above, round) : 0;
		if (below == UINT32_MAX)
			return below;
		nests = inner && below + 1 > nests ? below + 1 : nests;
	}
	epoll->round = round;
	return epoll->nests = nests;
}

/* The same upwards. */
static uint32_t depth_above(struct epoll *epoll, uint32_t round)
{
	uint32_t nests = 0;

	if (epoll->round == round)
		return epoll->nests;
	LIST_FOR(&epoll->file->watches, struct watch, watch, of_file) {
		uint32_t above = depth_above(watch->epoll, round) + 1;
		nests = above > nests ? above : nests;
	}
	epoll->round = round;
	return epoll->nests = nests;
}

/* Whether the one may watch the other: -ELOOP. */
static int check_nesting(struct epoll *outer, struct epoll *inner)
{
	static uint32_t round;
	uint32_t below = depth_below(inner, outer, ++round);

	if (below == UINT32_MAX || below + depth_above(outer, ++round) + 2 > CHAIN_MOST)
		return -ELOOP;
	return 0;
}

static int add(struct epoll *epoll, struct file *file, int number,
               const struct epoll_event *event)
{
	int error = file_is_epoll(file) ? check_nesting(epoll, file->private) : 0;

	if (!error && find(epoll, file, number))
		error = -EEXIST;
	return error ? error : watch_begin(epoll, file, number, event);
}

static int modify(struct watch *watch, const struct epoll_event *event)
{
	if (!watch)
		return -ENOENT;
	if (watch->event.events & EPOLLEXCLUSIVE)
		return -EINVAL;
	arm(watch, event);
	look_at_once(watch);
	return 0;
}

static bool may_be_exclusive(int operation, const struct file *file, uint32_t events)
{
	return operation == EPOLL_CTL_ADD && !file_is_epoll(file) &&
	       !(events & ~(uint32_t)EXCLUSIVE_EVENTS);
}

int epoll_change(struct file *epoll_file, int operation, struct file *file, int number,
                 const struct epoll_event *event)
{
	struct epoll *epoll = epoll_file->private;
	bool exclusive = operation != EPOLL_CTL_DEL && event->events & EPOLLEXCLUSIVE;

	if (!file->ops->poll)
		return -EPERM;
	if (file == epoll_file ||
	    (exclusive && !may_be_exclusive(operation, file, event->events)))
		return -EINVAL;
	SCOPED_MUTEX(&epoll_mutex);
	if (operation == EPOLL_CTL_ADD)
		return add(epoll, file, number, event);
	struct watch *watch = find(epoll, file, number);
	if (operation == EPOLL_CTL_MOD)
		return modify(watch, event);
	if (operation != EPOLL_CTL_DEL)
		return -EINVAL;
	if (watch)
		watch_end(watch);
	return watch ? 0 : -ENOENT;
}

/* --- life ------------------------------------------------------------------------------- */

static void epoll_close(struct file *file)
{
	struct epoll *epoll = file->private;

	mutex_lock(&epoll_mutex);
	LIST_FOR_SAFE(&epoll->watches, struct watch, watch, of_epoll)
		watch_end(watch);
	mutex_unlock(&epoll_mutex);
	slab_free(&epoll_slab, epoll);
}

static void epoll_show(struct file *file, struct text *text)
{
	struct epoll *epoll = file->private;

	SCOPED_MUTEX(&epoll_mutex);
	LIST_FOR(&epoll->watches, struct watch, watch, of_epoll) {
		const struct inode *inode = watch->file->inode;
		text_print(text, "tfd: %8d events: %8x data: %16llx  pos:%lld ino:%x sdev:%x\n",
		           watch->number, watch->event.events, watch->event.data,
		           (long long)watch->file->position, inode->number, inode_device(inode));
	}
}

static const struct file_ops epoll_ops = {
	.poll = epoll_poll, .close = epoll_close, .show = epoll_show};

int epoll_open(uint32_t flags, struct file **opened)
{
	struct epoll *epoll = slab_alloc_zeroed(&epoll_slab);

	if (!epoll)
		return -ENOMEM;
	list_init(&epoll->watches);
	list_init(&epoll->ready);
	wait_queue_init(&epoll->changed);
	spinlock_init(&epoll->changed.lock, "epoll wait queue");
	int error = nameless_open("eventpoll", &epoll_ops, epoll, flags, opened);
	if (error)
		slab_free(&epoll_slab, epoll);
	else
		epoll->file = *opened;
	return error;
}
