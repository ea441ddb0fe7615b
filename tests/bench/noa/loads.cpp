#include "noa/loads.hpp"

#include <sched.h>

#include <vector>

namespace noa::bench {

namespace {

using nlohmann::json;

Result<Values> values_of(Answer answer) {
    auto got = answer.get();
    if (!got) {
        return tl::unexpected(got.error());
    }
    if (!got->is_object()) {
        return fail(Errc::internal, "read an agent's figures", "bench", got->dump());
    }
    return got->get<Values>();
}

Result<void> run_senders(const Ask& ask, unsigned senders, const json& order) {
    std::vector<Answer> answers;
    for (unsigned i = 0; i < senders; ++i) {
        answers.push_back(ask("s" + std::to_string(i), "run.stream", order));
    }
    for (auto& answer : answers) {
        if (auto sent = values_of(std::move(answer)); !sent) {
            return tl::unexpected(sent.error());
        }
    }
    return {};
}

// The senders left a full inbox behind.
Result<Values> result_of_sink(const Ask& ask) {
    for (;;) {
        auto result = values_of(ask("b", "sink.result", json::object()));
        if (result || result.error().code != Errc::busy) {
            return result;
        }
        ::sched_yield();
    }
}

} // namespace

std::string traceparent_for(const Context& context, std::size_t argument) {
    const std::string wanted =
        argument < context.arguments.size() ? context.arguments[argument] : "";
    const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-";
    return wanted == "carried" ? trace + "00" : wanted == "recorded" ? trace + "01" : "";
}

Result<Values> load_round_trips(const Ask& ask, const Context& context,
                                const std::string& traceparent) {
    return values_of(ask(
        "a", "run.rtt",
        {{"target", "b"}, {"budget_ms", context.budget.count()}, {"traceparent", traceparent}}));
}

Result<Values> load_stream(const Ask& ask, const Context& context, unsigned senders,
                           std::size_t size, const std::string& body,
                           const std::string& traceparent) {
    // Long enough for the receiver's warm-up and window; on a busy machine, once more for longer.
    Result<Values> values = Values{};
    for (std::int64_t factor = 1; values && values->empty() && factor <= 8; factor *= 2) {
        auto begun = values_of(
            ask("b", "sink.begin",
                {{"budget_ms", context.budget.count()}, {"stride", size > 1024 ? 16 : 256}}));
        if (!begun) {
            return begun;
        }
        const json order = {{"target", "b"},
                            {"duration_ms", factor * context.budget.count() * 3 / 2 + 20},
                            {"size", size},
                            {"body", body},
                            {"traceparent", traceparent}};
        if (auto sent = run_senders(ask, senders, order); !sent) {
            return tl::unexpected(sent.error());
        }
        values = result_of_sink(ask);
    }
    return values;
}

Result<Values> load_lookups(const Ask& ask, const std::vector<std::string>& names) {
    return values_of(ask("a", "run.lookup", {{"target", "b"}, {"names", names}}));
}

} // namespace noa::bench
