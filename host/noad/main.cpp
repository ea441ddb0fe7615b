#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "daemon.hpp"

// NOLINTNEXTLINE(bugprone-exception-escape): what nobody expected ends the host, aloud
int main(int argc, char** argv) {
    // Few arenas for many lanes, and large pieces (a plugin's file while it is examined, large
    // bodies) given back at once: memory stays flat over reloads and traffic.
    // NOLINTBEGIN(concurrency-mt-unsafe): no thread runs yet
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 512 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024);
    // NOLINTEND(concurrency-mt-unsafe)
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN); // a file past its limit is an error of that write
    // Two descriptors an agent, one a client; libzmq ends the process when it finds none.
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    const auto parsed = noa::parse_options(argc, argv);
    if (const auto* code = std::get_if<int>(&parsed)) {
        return *code;
    }
    const auto& options = std::get<noa::Options>(parsed);
    // journald announces itself; NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet
    const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
    const auto format = options.log_format == "json" ? noa::LogFormat::json : noa::LogFormat::text;
    noa::Log log(format, journal);
    return noa::run_daemon(options, log);
}
