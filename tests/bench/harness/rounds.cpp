#include "harness/rounds.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include <nlohmann/json.hpp>

#include "harness/process.hpp"

namespace noa::bench {

namespace {

using nlohmann::json;

constexpr int result_fd = 3;
constexpr std::chrono::seconds task_limit{240};

const Task* find_task(std::string_view name) {
    const std::array families{raw_tasks(), peer_tasks(), noa_tasks(), reload_tasks()};
    for (const auto& family : families) {
        for (const auto& task : family) {
            if (task.name == name) {
                return &task;
            }
        }
    }
    return nullptr;
}

Result<json> run_once(const Plan& plan, const Measurement& measurement) {
    auto directory = TempDir::make(plan.scratch);
    if (!directory) {
        return tl::unexpected(directory.error());
    }
    Context context;
    context.placement = measurement.placement;
    context.budget = std::chrono::milliseconds(
        static_cast<std::int64_t>(static_cast<double>(plan.budget.count()) * measurement.share));
    context.scratch = directory->path();
    context.programs = plan.programs;
    context.arguments = measurement.arguments;

    Command command;
    command.argv = {plan.programs.self.string(), "--task", measurement.task, context.to_json()};
    command.result_pipe = true;
    command.own_group = true;
    auto child = Child::spawn(command);
    if (!child) {
        return tl::unexpected(child.error());
    }
    auto line = child->read_line(task_limit);
    if (!line) {
        return tl::unexpected(line.error());
    }
    (void)child->wait(std::chrono::seconds(10));
    auto answer = json::parse(*line, nullptr, false);
    if (!answer.is_object()) {
        return fail(Errc::internal, "read a task's result", measurement.key(), *line);
    }
    return answer;
}

void note(Outcome& outcome, const Result<json>& answer) {
    if (!answer) {
        outcome.failed = answer.error().text();
    } else if (answer->contains("skipped")) {
        outcome.skipped = answer->value("skipped", "");
    } else if (answer->contains("failed")) {
        outcome.failed = answer->value("failed", "");
    } else {
        const auto values = answer->value("values", Values{});
        for (const auto& [metric, value] : values) {
            outcome.values[metric].push_back(value);
        }
    }
}

void write_line(const json& value) {
    const auto text = value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    std::size_t written = 0;
    while (written < text.size()) {
        const auto size = ::write(result_fd, text.data() + written, text.size() - written);
        if (size <= 0) {
            return;
        }
        written += static_cast<std::size_t>(size);
    }
}

json answer_of(const Result<Values>& result) {
    if (result) {
        return {{"values", *result}};
    }
    const char* kind = result.error().code == Errc::unavailable ? "skipped" : "failed";
    return {{kind, result.error().text()}};
}

} // namespace

Result<Values> Child::read_values(std::chrono::milliseconds timeout) {
    auto line = read_line(timeout);
    if (!line) {
        return tl::unexpected(line.error());
    }
    const auto answer = json::parse(*line, nullptr, false);
    if (!answer.is_object() || !answer.contains("values")) {
        return fail(Errc::system, "read the other side's result", "task", *line);
    }
    return answer["values"].get<Values>();
}

void announce_ready() {
    (void)!::write(result_fd, "ready\n", 6);
}

Outcomes run(const Plan& plan) {
    Outcomes outcomes;
    for (unsigned round = 0; round < plan.runs; ++round) {
        for (const auto& measurement : plan.measurements) {
            auto& outcome = outcomes[measurement.key()];
            if (!outcome.skipped.empty() || !outcome.failed.empty() ||
                (measurement.once && round > 0)) {
                continue;
            }
            plan.on_start(measurement.key(), round);
            note(outcome, run_once(plan, measurement));
        }
    }
    return outcomes;
}

int run_task(std::string_view name, std::string_view context_json) {
    // What this process starts must not hold the pipe open.
    ::fcntl(result_fd, F_SETFD, FD_CLOEXEC);
    const auto* task = find_task(name);
    auto context = Context::from_json(context_json);
    if (task == nullptr || !context) {
        write_line({{"failed", "no task of this name, or no context"}});
        return 1;
    }
    if (context->placement != Placement::free) {
        const auto cores = context->placement == Placement::one_core ? 1U : 2U;
        if (auto bound = bind_to_cores(cores); !bound) {
            write_line(answer_of(tl::unexpected(bound.error())));
            return 1;
        }
    }
    write_line(answer_of(task->measure(*context)));
    return 0;
}

} // namespace noa::bench
