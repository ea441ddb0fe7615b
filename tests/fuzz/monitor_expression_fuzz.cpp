// What the monitor agent reads of an alert's rule, and what it makes of it.
#include <cstdint>
#include <string_view>

// Parts of a plugin, which is no library.
// NOLINTBEGIN(bugprone-suspicious-include)
#include "../../plugins/monitor/alerts/evaluate.cpp"
#include "../../plugins/monitor/alerts/expression.cpp"
#include "../../plugins/monitor/collect/series.cpp"
// NOLINTEND(bugprone-suspicious-include)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const monitor::SeriesRing ring = [] {
        monitor::SeriesRing made;
        for (int round = 1; round < 5; ++round) {
            made.append(noa::Time(std::chrono::seconds(10 * round)),
                        {{"a", monitor::Kind::gauge, "", {{"b", "c"}}, 1.0 * round},
                         {"a", monitor::Kind::gauge, "", {{"b", "d"}}, -2.0 * round},
                         {"a_total", monitor::Kind::counter, "", {{"b", "c"}}, 5.0 / round}});
        }
        return made;
    }();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto parsed = monitor::parse_expression(text)) {
        static_cast<void>(monitor::evaluate(**parsed, ring));
    }
    return 0;
}
