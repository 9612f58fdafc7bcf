/* What a process may ask the kernel for, where it runs: a line each, "name: yes" or "name: no". */
#include <stdio.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const char *name, int got)
{
    printf("%s: %s\n", name, got < 0 ? "no" : "yes");
}

static void family(const char *name, int family, int type, int protocol)
{
    int fd = socket(family, type, protocol);
    tell(name, fd);
    if (fd >= 0)
        close(fd);
}

int main(void)
{
    struct sched_param now = {.sched_priority = 1};
    struct rlimit core;
    family("unix", AF_UNIX, SOCK_STREAM, 0);
    family("netlink", AF_NETLINK, SOCK_RAW, 0);
    family("bluetooth", AF_BLUETOOTH, SOCK_RAW, 1);
    family("inet", AF_INET, SOCK_STREAM, 0);
    family("inet6", AF_INET6, SOCK_DGRAM, 0);
    family("packet", AF_PACKET, SOCK_RAW, 0);
    family("vsock", AF_VSOCK, SOCK_STREAM, 0);
    family("alg", AF_ALG, SOCK_SEQPACKET, 0);
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                   0);
    tell("memory both written and run", p == MAP_FAILED ? -1 : 0);
    tell("real time", sched_setscheduler(0, SCHED_FIFO, &now));
    tell("another personality", personality(ADDR_NO_RANDOMIZE));
    tell("tracing", ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? -1 : 0);
    tell("the kernel's log", (int)syscall(SYS_syslog, 3, NULL, 0));
    tell("programs of the kernel", (int)syscall(SYS_bpf, 0, NULL, 0));
    tell("loading a module", (int)syscall(SYS_init_module, NULL, 0, ""));
    tell("a reboot", (int)syscall(SYS_reboot, 0, 0, 0, NULL));
    tell("core dumps", getrlimit(RLIMIT_CORE, &core) || !core.rlim_max ? -1 : 0);
    return 0;
}
