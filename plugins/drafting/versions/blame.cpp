#include "blame.hpp"

#include <algorithm>

namespace drafting {

void Blame::apply(const ChangeSet& changes, std::uint32_t number) {
    std::vector<Span> out;
    out.reserve(spans_.size() + 2);
    const auto add = [&out](Position units, std::uint32_t change) {
        if (units == 0) {
            return;
        }
        if (!out.empty() && out.back().change == change) {
            out.back().units += units;
        } else {
            out.push_back({units, change});
        }
    };
    std::size_t at = 0;
    Position done = 0; // of that span
    for (const Section& section : changes.sections()) {
        auto left = static_cast<Position>(section.length);
        const bool kept = section.inserted == Section::kept;
        while (left > 0 && at < spans_.size()) {
            const Position piece = std::min(left, spans_[at].units - done);
            add(kept ? piece : 0, spans_[at].change);
            left -= piece;
            done += piece;
            if (done == spans_[at].units) {
                ++at;
                done = 0;
            }
        }
        add(kept ? 0 : static_cast<Position>(section.inserted), number);
    }
    spans_ = std::move(out);
}

std::vector<std::uint32_t> Blame::lines(std::string_view text) const {
    std::vector<std::uint32_t> all;
    std::size_t at = 0;
    Position left = spans_.empty() ? 0 : spans_[0].units;
    while (!text.empty()) {
        const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
        Position units = units_of(text.substr(0, size));
        std::uint32_t newest = 0;
        while (units > 0 && at < spans_.size()) {
            // What only breaks the line says nothing of its words.
            newest = units > 1 || size == 1 || text[size - 1] != '\n'
                         ? std::max(newest, spans_[at].change)
                         : newest;
            const Position piece = std::min(units, left);
            units -= piece;
            left -= piece;
            if (left == 0 && ++at < spans_.size()) {
                left = spans_[at].units;
            }
        }
        all.push_back(newest);
        text.remove_prefix(size);
    }
    return all;
}

} // namespace drafting
