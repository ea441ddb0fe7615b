#include "noactl/client.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <limits>

namespace noa::noactl {

namespace {

using control::AnswerKind;
using control::ReadResult;

constexpr std::chrono::milliseconds send_timeout{30'000};

Failure not_reached(const std::string& socket, int error_number) {
    if (error_number == ENOENT || error_number == ECONNREFUSED) {
        return fail(Errc::unavailable, "reach the host", socket,
                    error_number == ENOENT ? "there is no such socket" : "nobody answers on it",
                    "start it with `systemctl start noad`, or name its runtime directory by "
                    "--runtime-dir or NOA_RUNTIME_DIR");
    }
    if (error_number == EACCES || error_number == EPERM) {
        return fail(Errc::denied, "reach the host", socket, "this user may not open the socket",
                    "use sudo, or join the group noa");
    }
    return fail_errno("reach the host", socket, error_number);
}

Failure broken(std::string_view verb, ReadResult how) {
    const auto because = [&](Errc code, const char* reason, const char* advice) {
        return fail(code, std::string(verb), {}, reason, advice);
    };
    switch (how) {
    case ReadResult::timed_out:
        return because(Errc::timed_out, "the host did not answer in time",
                       "it may still be at it; see `noactl log`");
    case ReadResult::too_long:
        return because(Errc::invalid, "the host's answer is longer than a line may be", "");
    default:
        return because(Errc::system, "the host closed the connection before it answered",
                       "see `noactl status`, and its log");
    }
}

} // namespace

Client::Client(UniqueFd socket)
    : socket_(std::move(socket)),
      reader_(socket_.get(), std::numeric_limits<std::size_t>::max() / 2) {}

Result<Client> Client::connect(const std::filesystem::path& runtime_dir) {
    const std::string path = (runtime_dir / "control.sock").string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail(Errc::invalid, "reach the host", path,
                    "the path is longer than " + std::to_string(sizeof address.sun_path - 1) +
                        " bytes");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return not_reached(path, errno);
    }
    return Client(std::move(socket));
}

Result<void> Client::send(std::string_view verb, const nlohmann::json& args) {
    const std::string line = control::request_line(verb, args);
    if (line.size() > control::max_line_bytes) {
        return fail(Errc::invalid, std::string(verb), {}, "the body is too large",
                    "a body is at most 16 MiB");
    }
    // A host that refused us has written why and closed: that is read next.
    static_cast<void>(control::write_all(socket_.get(), line, send_timeout));
    return {};
}

Result<nlohmann::json> Client::ask(std::string_view verb, const nlohmann::json& args,
                                   std::chrono::milliseconds timeout,
                                   const OnProgress& on_progress) {
    if (auto sent = send(verb, args); !sent) {
        return Failure(std::move(sent.error()));
    }
    std::string line;
    while (true) {
        if (const auto got = reader_.next(line, timeout); got != ReadResult::line) {
            return broken(verb, got);
        }
        auto answer = control::parse_answer(line);
        if (!answer) {
            return Failure(std::move(answer.error()));
        }
        switch (answer->kind) {
        case AnswerKind::ok: return std::move(answer->value);
        case AnswerKind::error: return Failure(control::error_from_json(answer->value));
        case AnswerKind::progress:
            if (on_progress) {
                on_progress(answer->value);
            }
            break;
        case AnswerKind::event: break;
        }
    }
}

Result<Client::Ended> Client::stream(std::string_view verb, const nlohmann::json& args,
                                     const OnEvent& on_event, const OnProgress& on_progress,
                                     int wake_fd) {
    if (auto sent = send(verb, args); !sent) {
        return Failure(std::move(sent.error()));
    }
    std::string line;
    while (true) {
        const auto got = reader_.next(line, control::no_timeout, wake_fd);
        if (got == ReadResult::woken) {
            return Ended::interrupted;
        }
        if (got != ReadResult::line) {
            return broken(verb, got);
        }
        auto answer = control::parse_answer(line);
        if (!answer) {
            return Failure(std::move(answer.error()));
        }
        switch (answer->kind) {
        case AnswerKind::ok: return Ended::by_host;
        case AnswerKind::error: return Failure(control::error_from_json(answer->value));
        case AnswerKind::progress: on_progress(answer->value); break;
        case AnswerKind::event:
            if (!on_event(answer->value)) {
                return Ended::enough;
            }
            break;
        }
    }
}

} // namespace noa::noactl
