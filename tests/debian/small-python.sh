# Threads and processes of python: locks, queues, conditions, pools that fork and that start anew.
# Needs: python3
cd "$(mktemp -d)"
cat >work.py <<'END2'
import concurrent.futures, multiprocessing, queue, threading

def squares(n):
    return sum(i * i for i in range(n))

def threads():
    lock, total, found, places = threading.Lock(), [0], [], queue.Queue(4)
    def add():
        for _ in range(3000):
            with lock:
                total[0] += 1
    def take():
        while (item := places.get()) is not None:
            found.append(item)
    workers = [threading.Thread(target=add) for _ in range(6)] + [threading.Thread(target=take)]
    for worker in workers:
        worker.start()
    for item in [*range(300), None]:
        places.put(item)
    for worker in workers:
        worker.join()
    print("threads:", total[0], len(found), sum(found))
    barrier, order = threading.Barrier(4), []
    workers = [threading.Thread(target=lambda: order.append(barrier.wait())) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("barrier:", sorted(order), "event:", threading.Event().wait(0.02))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print("pool of threads:", list(pool.map(squares, [10, 100, 1000])))

def processes():
    for way in "fork", "spawn", "forkserver":
        with multiprocessing.get_context(way).Pool(2) as pool:
            print(way, pool.map(squares, [100, 1000, 5000]))
    count = multiprocessing.Value("i", 0)
    def add():
        for _ in range(500):
            with count.get_lock():
                count.value += 1
    workers = [multiprocessing.Process(target=add) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    one, other = multiprocessing.Pipe()
    worker = multiprocessing.Process(target=lambda: other.send({"from": "a child"}))
    worker.start()
    print("counted:", count.value, "received:", one.recv())
    worker.join()

if __name__ == "__main__":
    threads()
    processes()
END2
python3 work.py
