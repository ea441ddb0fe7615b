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

} // namespace

Result<Values> load_round_trips(const Ask& ask, const Context& context) {
    return values_of(ask("a", "run.rtt", {{"target", "b"}, {"budget_ms", context.budget.count()}}));
}

Result<Values> load_stream(const Ask& ask, const Context& context, unsigned senders,
                           std::size_t size, const std::string& body) {
    // Long enough for the receiver's warm-up and window, also when senders start late.
    const auto duration = context.budget.count() * 3 / 2 + 20;
    auto begun =
        values_of(ask("b", "sink.begin",
                      {{"budget_ms", context.budget.count()}, {"stride", size > 1024 ? 16 : 256}}));
    if (!begun) {
        return begun;
    }
    std::vector<Answer> answers;
    for (unsigned i = 0; i < senders; ++i) {
        answers.push_back(
            ask("s" + std::to_string(i), "run.stream",
                {{"target", "b"}, {"duration_ms", duration}, {"size", size}, {"body", body}}));
    }
    for (auto& answer : answers) {
        if (auto sent = values_of(std::move(answer)); !sent) {
            return sent;
        }
    }
    // The senders left a full inbox behind.
    for (;;) {
        auto result = values_of(ask("b", "sink.result", json::object()));
        if (result || result.error().code != Errc::busy) {
            return result;
        }
        ::sched_yield();
    }
}

Result<Values> load_lookups(const Ask& ask, const std::vector<std::string>& names) {
    return values_of(ask("a", "run.lookup", {{"target", "b"}, {"names", names}}));
}

} // namespace noa::bench
