#include "heal.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "noa/sdk/fd.hpp"

namespace monitor {

namespace {

using Clock = std::chrono::steady_clock;
using noa::Json;

constexpr std::size_t longest_heal_target = 80;
constexpr std::size_t longest_heal_reason = 64;
constexpr int look_around_ms = 200; // whether it is still wanted
constexpr std::size_t longest_answer = std::size_t{1} << 20U;

noa::sdk::Error unavailable(const std::string& why) {
    return {NOA_E_UNAVAILABLE, "the host's control socket: " + why};
}

bool connect_to(int fd, const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

noa::Result<Json> read_answer(int fd, Clock::time_point until, const std::stop_token& stop) {
    std::string text;
    char bytes[4096];
    while (Clock::now() < until && text.size() < longest_answer && !stop.stop_requested()) {
        pollfd one{fd, POLLIN, 0};
        if (::poll(&one, 1, look_around_ms) <= 0) {
            continue;
        }
        const ssize_t size = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
            return unavailable(size == 0 ? std::string("it was closed")
                                         : std::generic_category().message(errno));
        }
        text.append(bytes, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
            Json line = Json::parse(text.substr(0, end), nullptr, false);
            text.erase(0, end + 1);
            if (line.is_object() && (line.contains("ok") || line.contains("error"))) {
                return line;
            } // else: progress
        }
    }
    return unavailable("there was no answer in time");
}

} // namespace

noa::Status HealSetting::check(bool named) const {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    const std::string_view place =
        target.starts_with("service:") ? std::string_view(target).substr(8) : target;
    if (target.size() > longest_heal_target ||
        place.find_first_not_of(letters) != std::string::npos ||
        (place.empty() && (named || !target.empty()))) {
        return noa::invalid("/target: must be the name of an agent, or service:NAME");
    }
    if (reason.empty() || reason.size() > longest_heal_reason ||
        reason.find_first_not_of(letters) != std::string::npos) {
        return noa::invalid("/for: must be a reason like check-failed: noactl heal names them");
    }
    return {};
}

noa::Status ask_heal(const std::string& socket, const std::string& target,
                     const std::string& reason, std::chrono::milliseconds timeout,
                     const std::stop_token& stop) {
    const auto until = Clock::now() + timeout;
    const noa::sdk::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || !connect_to(fd.get(), socket)) {
        return unavailable(std::generic_category().message(errno));
    }
    const std::string line =
        noa::json_text(
            Json{{"v", 1}, {"verb", "heal"}, {"args", {{"agent", target}, {"for", reason}}}}) +
        "\n";
    if (::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(line.size())) {
        return unavailable(std::generic_category().message(errno));
    }
    const auto answer = read_answer(fd.get(), until, stop);
    if (!answer) {
        return answer.error();
    }
    if (const auto wrong = answer->find("error"); wrong != answer->end()) {
        const Json text = wrong->is_object() ? wrong->value("text", Json()) : Json();
        return noa::failed(text.is_string() ? text.get<std::string>() : "the host refused it");
    }
    const Json done = (*answer)["ok"];
    const Json action = done.is_object() ? done.value("action", Json()) : Json();
    return action == "failed" ? noa::failed("the host tried, and it did not help") : noa::Status();
}

} // namespace monitor
