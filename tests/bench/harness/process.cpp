#include "harness/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/clock.hpp"

namespace noa::bench {

namespace {

constexpr int result_fd = 3;

class FileActions {
public:
    FileActions() { ::posix_spawn_file_actions_init(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
    posix_spawn_file_actions_t* get() noexcept { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (auto& text : texts) {
        pointers.push_back(text.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

void direct_output(FileActions& actions, const Command& command) {
    if (command.output.empty()) {
        ::posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        return;
    }
    ::posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, command.output.c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(actions.get(), STDOUT_FILENO, STDERR_FILENO);
}

int spawn_with(const Command& command, int write_end, pid_t& pid) {
    FileActions actions;
    direct_output(actions, command);
    if (write_end >= 0) {
        ::posix_spawn_file_actions_adddup2(actions.get(), write_end, result_fd);
    }
    posix_spawnattr_t attributes{};
    ::posix_spawnattr_init(&attributes);
    if (command.own_group) {
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        ::posix_spawnattr_setpgroup(&attributes, 0);
    }
    auto argv = command.argv;
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        environment.emplace_back(*entry);
    }
    environment.insert(environment.end(), command.environment.begin(), command.environment.end());
    const int error = ::posix_spawn(&pid, argv[0].c_str(), actions.get(), &attributes,
                                    pointers_to(argv).data(), pointers_to(environment).data());
    ::posix_spawnattr_destroy(&attributes);
    return error;
}

bool readable_within(int fd, std::chrono::milliseconds timeout) {
    pollfd item{fd, POLLIN, 0};
    const auto end = monotonic_ns() + std::chrono::nanoseconds(timeout).count();
    for (;;) {
        const auto left = (end - monotonic_ns()) / 1'000'000;
        const int ready = ::poll(&item, 1, static_cast<int>(left > 0 ? left : 0));
        if (ready > 0) {
            return true;
        }
        if (ready == 0 || errno != EINTR) {
            return false;
        }
    }
}

// Tries every two milliseconds, for ten seconds, until the child answers or ends.
Result<void> wait_connect(Child& child, int family, const sockaddr* address, socklen_t size) {
    const auto end = monotonic_ns() + 10'000'000'000;
    while (monotonic_ns() < end) {
        const UniqueFd socket{::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        if (socket && ::connect(socket.get(), address, size) == 0) {
            return {};
        }
        if (child.wait(std::chrono::milliseconds(2))) {
            return fail(Errc::system, "start a peer", std::to_string(child.pid()),
                        "it ended before it listened", "its output is in the run's directory");
        }
    }
    return fail(Errc::timed_out, "start a peer", std::to_string(child.pid()),
                "it did not listen within 10 s");
}

} // namespace

Result<Child> Child::spawn(const Command& command) {
    int ends[2] = {-1, -1};
    if (command.result_pipe && ::pipe2(ends, O_CLOEXEC) != 0) {
        return fail_errno("open a pipe", command.argv[0], errno);
    }
    Child child;
    child.results_ = UniqueFd(ends[0]);
    // dup2 onto itself would leave close-on-exec set: keep away from the child's number.
    UniqueFd write_end(ends[1] >= 0 ? ::fcntl(ends[1], F_DUPFD_CLOEXEC, 16) : -1);
    const UniqueFd original(ends[1]);
    if (const int error = spawn_with(command, write_end.get(), child.pid_); error != 0) {
        child.pid_ = -1;
        return fail_errno("start a program", command.argv[0], error);
    }
    child.own_group_ = command.own_group;
    child.pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
    return child;
}

Result<Child> Child::spawn_task(std::string_view task, const Context& context,
                                std::vector<std::string> arguments) {
    auto inner = context;
    inner.arguments = std::move(arguments);
    Command command;
    command.argv = {context.programs.self.string(), "--task", std::string(task), inner.to_json()};
    command.result_pipe = true;
    return spawn(command);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), own_group_(other.own_group_),
      pidfd_(std::move(other.pidfd_)), results_(std::move(other.results_)),
      pending_(std::move(other.pending_)) {}

Child& Child::operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(own_group_, other.own_group_);
    std::swap(pidfd_, other.pidfd_);
    std::swap(results_, other.results_);
    std::swap(pending_, other.pending_);
    return *this;
}

Child::~Child() {
    kill_and_reap();
}

void Child::kill_and_reap() noexcept {
    if (pid_ < 0) {
        return;
    }
    ::kill(own_group_ ? -pid_ : pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
    pid_ = -1;
}

std::int64_t cpu_of(pid_t pid) noexcept {
    clockid_t clock{};
    if (pid < 0 || ::clock_getcpuclockid(pid, &clock) != 0) {
        return 0;
    }
    return read_clock(clock);
}

Result<std::string> Child::read_line(std::chrono::milliseconds timeout) {
    const auto end = monotonic_ns() + std::chrono::nanoseconds(timeout).count();
    for (;;) {
        if (const auto line_end = pending_.find('\n'); line_end != std::string::npos) {
            auto line = pending_.substr(0, line_end);
            pending_.erase(0, line_end + 1);
            return line;
        }
        const std::chrono::milliseconds left((end - monotonic_ns()) / 1'000'000);
        if (left.count() <= 0 || !readable_within(results_.get(), left)) {
            return fail(Errc::timed_out, "wait for a task", std::to_string(pid_), "time is up");
        }
        char buffer[4096];
        const auto size = ::read(results_.get(), buffer, sizeof buffer);
        if (size <= 0) {
            return fail(Errc::system, "read a task's result", std::to_string(pid_),
                        "it ended without one");
        }
        pending_.append(buffer, static_cast<std::size_t>(size));
    }
}

bool Child::wait(std::chrono::milliseconds timeout) {
    // Waited for, not reaped: the pid stays ours until the destructor.
    return pid_ < 0 || readable_within(pidfd_.get(), timeout);
}

void Child::stop() {
    if (pid_ >= 0) {
        ::kill(pid_, SIGTERM);
        (void)wait(std::chrono::seconds(5));
        kill_and_reap();
    }
}

Result<TempDir> TempDir::make(const std::filesystem::path& parent) {
    auto pattern = (parent / "noa-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        return fail_errno("make a directory", pattern, errno);
    }
    TempDir directory;
    directory.path_ = pattern;
    return directory;
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
}

TempDir::~TempDir() {
    if (!path_.empty()) {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
}

Result<std::filesystem::path> find_program(const std::string& name) {
    const char* path = ::getenv("PATH"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    std::string rest = std::string(path != nullptr ? path : "/usr/bin") + ":/usr/sbin:/usr/bin:";
    for (std::size_t end = rest.find(':'); end != std::string::npos; end = rest.find(':')) {
        const auto candidate = std::filesystem::path(rest.substr(0, end)) / name;
        if (::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
        rest.erase(0, end + 1);
    }
    return fail(Errc::unavailable, "find a program", name, "not installed");
}

Result<std::uint16_t> free_port() {
    const UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (!socket || ::bind(socket.get(), generic, size) != 0 ||
        ::getsockname(socket.get(), generic, &size) != 0) {
        return fail_errno("find a free port", "127.0.0.1", errno);
    }
    return ntohs(address.sin_port);
}

Result<void> wait_tcp(Child& child, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return wait_connect(child, AF_INET, reinterpret_cast<const sockaddr*>(&address),
                        sizeof address);
}

Result<void> wait_unix(Child& child, const std::filesystem::path& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto text = socket.string();
    if (text.size() >= sizeof address.sun_path) {
        return fail(Errc::invalid, "connect", text, "longer than a socket path may be");
    }
    std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
    return wait_connect(child, AF_UNIX, reinterpret_cast<const sockaddr*>(&address),
                        sizeof address);
}

Result<void> bind_to_cores(unsigned count) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return fail_errno("read the affinity", "this process", errno);
    }
    cpu_set_t chosen;
    CPU_ZERO(&chosen);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&chosen) < static_cast<int>(count); ++cpu) {
        if (CPU_ISSET(cpu, &allowed)) {
            CPU_SET(cpu, &chosen);
        }
    }
    if (CPU_COUNT(&chosen) < static_cast<int>(count)) {
        return fail(Errc::unavailable, "bind to cores", std::to_string(count), "there are fewer");
    }
    return ::sched_setaffinity(0, sizeof chosen, &chosen) == 0
               ? Result<void>{}
               : Result<void>(fail_errno("bind to cores", std::to_string(count), errno));
}

} // namespace noa::bench
