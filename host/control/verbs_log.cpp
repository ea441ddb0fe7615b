#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>
#include <utility>

#include "control/host_verbs.hpp"

namespace noa::control {

namespace {

using nlohmann::json;

constexpr std::int64_t max_lines = 100'000;

json line_to_json(const LogLine& line) {
    return {{"sequence", line.sequence},    {"unix_ns", line.unix_ns},
            {"level", name_of(line.level)}, {"event", line.event},
            {"fields", json(line.fields)},  {"text", Log::render(line, LogFormat::text)}};
}

struct Filter {
    Level level = Level::debug;
    std::optional<std::string> agent;

    [[nodiscard]] bool passes(const LogLine& line) const {
        if (line.level < level) {
            return false;
        }
        if (!agent) {
            return true;
        }
        const auto found = line.fields.find("agent");
        return found != line.fields.end() && *found == *agent;
    }
};

Result<Level> level_of(const std::string& verb, const std::string& text) {
    if (const auto level = parse_level(text)) {
        return *level;
    }
    return fail(Errc::invalid, verb, "level", "not a level: " + text,
                "one of debug, info, warning, error");
}

void push(EventQueue& queue, const LogLine& line) {
    json item = line_to_json(line);
    const std::size_t bytes = item["text"].get_ref<const std::string&>().size() * 2 + 512;
    queue.push(std::move(item), bytes);
}

// Moves new lines into the queue until `stop`. Lines that the ring lost first are a gap there.
void follow(const Log& log, std::uint64_t after, const Filter& filter, EventQueue& queue,
            const std::atomic<bool>& stop) {
    while (!stop) {
        log.wait_newer(after, [&stop] { return stop.load(); });
        for (const auto& line : log.tail(std::numeric_limits<std::size_t>::max(), after)) {
            if (line.sequence > after + 1) {
                queue.push({{"gap", line.sequence - after - 1}}, 64);
            }
            after = line.sequence;
            if (filter.passes(line)) {
                push(queue, line);
            }
        }
    }
}

Result<json> show_log(Log& log, const json& args, Connection& client) {
    Args in("log", args);
    const auto count = static_cast<std::size_t>(in.number("lines", 100, 0, max_lines));
    const bool following = in.flag("follow");
    Filter filter;
    filter.agent = in.optional_text("agent", NOA_AGENT_NAME_MAX);
    const auto wanted_level = in.optional_text("level", 16);
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    if (wanted_level) {
        const auto level = level_of("log", *wanted_level);
        if (!level) {
            return Failure(level.error());
        }
        filter.level = *level;
    }
    auto queue =
        EventQueue::open({static_cast<std::size_t>(max_lines), std::size_t{32} * 1024 * 1024});
    if (!queue) {
        return Failure(std::move(queue.error()));
    }
    auto lines = log.tail(std::numeric_limits<std::size_t>::max());
    const std::uint64_t newest = lines.empty() ? 0 : lines.back().sequence;
    std::erase_if(lines, [&](const LogLine& line) { return !filter.passes(line); });
    const std::size_t skipped = lines.size() - std::min(lines.size(), count);
    for (std::size_t i = skipped; i < lines.size(); ++i) {
        push(*queue, lines[i]);
    }
    lines.clear();
    if (!following) {
        queue->close();
        client.stream(*queue);
        return json::object();
    }
    std::atomic<bool> stop = false;
    std::jthread follower([&] { follow(log, newest, filter, *queue, stop); });
    client.stream(*queue);
    stop = true;
    log.wake();
    follower.join();
    return json::object();
}

Result<json> set_level(Log& log, const std::function<bool(const std::string&)>& known,
                       const json& args) {
    Args in("log_level", args);
    const auto text = in.text("level", 16);
    const auto agent = in.optional_text("agent", NOA_AGENT_NAME_MAX);
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    const bool reset = agent && text == "default";
    const auto level = reset ? Result<Level>(Level::info) : level_of("log_level", text);
    if (!level) {
        return Failure(level.error());
    }
    if (!agent) {
        log.set_level(*level);
        return json{{"level", name_of(*level)}};
    }
    if (!known(*agent)) {
        return fail(Errc::not_found, "log_level", *agent, "there is no such agent");
    }
    log.set_agent_level(*agent, reset ? std::nullopt : std::optional(*level));
    return json{{"agent", *agent}, {"level", reset ? "default" : name_of(*level)}};
}

} // namespace

void add_log_verbs(Verbs& verbs, Log& log, std::function<bool(const std::string&)> known) {
    verbs.add("log", Right::read,
              [&log](const json& args, Connection& client) { return show_log(log, args, client); });
    verbs.add("log_level", Right::full,
              [&log, known = std::move(known)](const json& args, Connection&) {
                  return set_level(log, known, args);
              });
}

} // namespace noa::control
