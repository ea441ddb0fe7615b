#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "base/clock.hpp"
#include "noactl/commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

constexpr int redraw_ms = 1000;

struct Sample { // NOLINT(bugprone-exception-escape): the json type moves without throwing
    std::int64_t at_ns = 0;
    json status;
    json agents;
    std::map<std::string, std::int64_t> handled; // by agent
};

// Keys arrive one by one, unseen; as it was when this goes.
class RawKeys {
public:
    RawKeys() {
        if (::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
            termios raw = before_;
            raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
            changed_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
        }
    }
    ~RawKeys() {
        if (changed_) {
            ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
        }
    }
    RawKeys(const RawKeys&) = delete;
    RawKeys& operator=(const RawKeys&) = delete;
    [[nodiscard]] int fd() const noexcept { return changed_ ? STDIN_FILENO : -1; }

private:
    termios before_{};
    bool changed_ = false;
};

Result<Sample> take(Client& client) {
    auto status = client.ask("status", json::object(), question_timeout);
    if (!status) {
        return Failure(std::move(status.error()));
    }
    auto agents = client.ask("agents", json::object(), question_timeout);
    if (!agents) {
        return Failure(std::move(agents.error()));
    }
    Sample sample{monotonic_ns(), std::move(*status), std::move(*agents), {}};
    for (const auto& agent : sample.agents) {
        sample.handled[member(agent, "name")] = number(agent, "handled");
    }
    return sample;
}

// Messages per second since `before`; -1 when there is nothing to compare with.
double rate_of(const Sample& now, const Sample* before, const std::string& agent) {
    if (before == nullptr || now.at_ns <= before->at_ns) {
        return -1;
    }
    const auto old = before->handled.find(agent);
    const auto current = now.handled.find(agent);
    if (old == before->handled.end() || current->second < old->second) {
        return -1;
    }
    return static_cast<double>(current->second - old->second) * 1e9 /
           static_cast<double>(now.at_ns - before->at_ns);
}

std::string rate_text(double rate) {
    if (rate < 0) {
        return "-";
    }
    std::array<char, 32> out{};
    const int size = std::snprintf(out.data(), out.size(), rate < 100 ? "%.1f" : "%.0f", rate);
    return {out.data(), static_cast<std::size_t>(std::max(size, 0))};
}

std::string frame(const Sample& now, const Sample* before, const Screen& screen) {
    auto agents = now.agents;
    std::stable_sort(agents.begin(), agents.end(), [&](const json& a, const json& b) {
        return rate_of(now, before, member(a, "name")) > rate_of(now, before, member(b, "name"));
    });
    Table table({{"AGENT"},
                 {"STATE"},
                 {"GEN", true},
                 {"MSG/S", true},
                 {"DEPTH", true},
                 {"HANDLED", true},
                 {"FAILED", true},
                 {"RELOADS", true},
                 {"SINCE", true},
                 {"NOTE"}});
    for (const auto& agent : agents) {
        const auto name = member(agent, "name");
        const auto state = member(agent, "state");
        const auto since = number(agent, "since_unix_ns");
        table.add(
            {name,
             {state, tone_of_state(state)},
             member(agent, "generation"),
             rate_text(rate_of(now, before, name)),
             member(agent, "depth"),
             member(agent, "handled"),
             {member(agent, "failed"), number(agent, "failed") > 0 ? Tone::notice : Tone::plain},
             member(agent, "reloads"),
             since == 0 ? "" : duration_text(unix_ns() - since),
             member(agent, "note")});
    }
    const std::string head = "noad " + member(now.status, "version") + "  pid " +
                             member(now.status, "pid") + "  " + member(now.status, "state") +
                             "  up " +
                             duration_text(number(now.status, "uptime_s") * 1'000'000'000) +
                             "  agents " + std::to_string(now.agents.size());
    const std::string line = escape_text(head);
    return (screen.width == 0 ? line : cut_to(line, screen.width)) + "\n\n" + table.render(screen);
}

// False when it is time to leave: a signal, or the key q.
bool wait_for_redraw(int interrupt_fd, int keys_fd) {
    const std::int64_t until = monotonic_ns() + redraw_ms * std::int64_t{1'000'000};
    while (true) {
        const auto left = (until - monotonic_ns()) / 1'000'000;
        if (left <= 0) {
            return true;
        }
        std::array<pollfd, 2> fds{pollfd{interrupt_fd, POLLIN, 0}, pollfd{keys_fd, POLLIN, 0}};
        static_cast<void>(::poll(fds.data(), fds.size(), static_cast<int>(left)));
        if (fds[0].revents != 0) {
            return false;
        }
        char key = 0;
        if (fds[1].revents != 0 && (::read(keys_fd, &key, 1) != 1 || key == 'q')) {
            return false;
        }
    }
}

Result<int> redraw_until_left(const Globals& globals, Client& client) {
    const auto interrupt = Interrupt::open();
    if (!interrupt) {
        return Failure(interrupt.error());
    }
    const RawKeys keys;
    Sample before;
    bool first = true;
    while (true) {
        auto now = take(client);
        if (!now) {
            return Failure(std::move(now.error()));
        }
        // Home, the frame with each line's rest cleared, and all below it.
        std::string text = "\x1b[H";
        for (const char c : frame(*now, first ? nullptr : &before, globals.screen())) {
            text += c == '\n' ? std::string("\x1b[K\n") : std::string(1, c);
        }
        print((first ? "\x1b[2J" : "") + text + "\x1b[J");
        if (std::fflush(stdout) != 0 || !wait_for_redraw(interrupt->fd(), keys.fd())) {
            return exit_ok;
        }
        before = std::move(*now);
        first = false;
    }
}

} // namespace

int top(const Globals& globals, bool once) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        if (!once && !globals.json && ::isatty(STDOUT_FILENO) == 1) {
            return redraw_until_left(globals, client);
        }
        const auto sample = take(client);
        if (!sample) {
            return Failure(sample.error());
        }
        const json value{{"status", sample->status}, {"agents", sample->agents}};
        print(globals, value,
              [&](const json&) { return frame(*sample, nullptr, globals.screen()); });
        return exit_ok;
    });
}

} // namespace noa::noactl
