// Changes of changes: mapSet and composeSets of @codemirror/state, step for step.
#include <algorithm>

#include "change_set.hpp"

namespace drafting {

// Goes through the sections of a change, in parts where two changes do not meet.
class SectionWalk {
public:
    explicit SectionWalk(const ChangeSet& set) noexcept : set_(&set) { next(); }

    std::int64_t length = 0;
    std::int64_t offset = 0; // in the section, of what is left
    std::int64_t inserted = over;

    [[nodiscard]] bool done() const noexcept { return inserted == over; }
    // As the text afterwards has it.
    [[nodiscard]] std::int64_t length_after() const noexcept {
        return inserted < 0 ? length : inserted;
    }
    [[nodiscard]] std::size_t number() const noexcept { return next_; }
    [[nodiscard]] std::string_view text() const noexcept { return set_->inserted(next_ - 1); }
    // A part of what is inserted; nothing where it would cut a pair.
    [[nodiscard]] std::string_view text_part(std::int64_t size) const noexcept {
        const std::string_view all = text();
        const std::size_t from = byte_at(all, static_cast<Position>(offset));
        if (from == std::string_view::npos) {
            return {};
        }
        return all.substr(from, byte_at(all.substr(from), static_cast<Position>(size)));
    }

    void next() noexcept {
        const auto& sections = set_->sections();
        if (next_ < sections.size()) {
            length = sections[next_].length;
            inserted = sections[next_].inserted;
            ++next_;
        } else {
            length = 0;
            inserted = over;
        }
        offset = 0;
    }
    void forward(std::int64_t size) noexcept {
        if (size == length) {
            next();
        } else {
            length -= size;
            offset += size;
        }
    }
    void forward_after(std::int64_t size) noexcept {
        if (inserted == Section::kept) {
            forward(size);
        } else if (size == inserted) {
            next();
        } else {
            inserted -= size;
            offset += size;
        }
    }

private:
    static constexpr std::int64_t over = -2;
    const ChangeSet* set_;
    std::size_t next_ = 0;
};

namespace {

noa::sdk::Error other_lengths() {
    return noa::sdk::invalid("the two changes are for texts of different lengths");
}

// How much of a change in A goes together: up to what is next kept or inserted by B.
std::int64_t process_part(SectionWalk& a, SectionWalk& b) noexcept {
    std::int64_t size = 0;
    std::int64_t left = a.length;
    while (left > 0) {
        if (b.inserted == Section::kept) {
            const std::int64_t piece = std::min(left, b.length);
            size += piece;
            left -= piece;
            b.forward(piece);
        } else if (b.inserted == 0 && b.length < left) {
            left -= b.length;
            b.next();
        } else {
            break;
        }
    }
    a.forward(a.length - left);
    return size;
}

} // namespace

noa::sdk::Result<ChangeSet> ChangeSet::map(const ChangeSet& other, bool before) const {
    if (length() != other.length()) {
        return other_lengths();
    }
    ChangeSet out;
    SectionWalk a(*this);
    SectionWalk b(other);
    std::size_t done = 0; // the section of A whose text is in
    const auto insert = [&] {
        out.add_section(0, a.inserted);
        out.add_inserted(a.text());
        done = a.number();
    };
    while (!a.done() || !b.done()) {
        if ((a.done() && b.length > 0) || (b.done() && a.length > 0)) {
            return other_lengths();
        }
        if (a.inserted == Section::kept && b.inserted == Section::kept) {
            const std::int64_t size = std::min(a.length, b.length);
            out.add_section(size, Section::kept);
            a.forward(size);
            b.forward(size);
        } else if (b.inserted >= 0 && (a.inserted < 0 || done == a.number() ||
                                       (a.offset == 0 && (b.length < a.length ||
                                                          (b.length == a.length && !before))))) {
            std::int64_t left = b.length;
            out.add_section(b.inserted, Section::kept);
            while (left > 0) {
                const std::int64_t piece = std::min(a.length, left);
                if (a.inserted >= 0 && done < a.number() && a.length <= piece) {
                    insert();
                }
                a.forward(piece);
                left -= piece;
            }
            b.next();
        } else {
            const std::size_t number = a.number();
            const std::int64_t inserted = done < number ? a.inserted : 0;
            const std::string_view text = done < number ? a.text() : std::string_view();
            const std::int64_t size = process_part(a, b);
            out.add_section(size, inserted);
            out.add_inserted(text);
            done = number;
        }
    }
    return out;
}

noa::sdk::Result<ChangeSet> ChangeSet::compose(const ChangeSet& next) const {
    if (new_length() != next.length()) {
        return other_lengths();
    }
    ChangeSet out;
    SectionWalk a(*this);
    SectionWalk b(next);
    bool open = false;
    while (!a.done() || !b.done()) {
        if (a.inserted == 0) {
            out.add_section(a.length, 0, open);
            a.next();
            continue;
        }
        if (b.length == 0 && !b.done()) {
            out.add_section(0, b.inserted, open);
            out.add_inserted(b.text());
            b.next();
            continue;
        }
        if (a.done() || b.done()) {
            return other_lengths();
        }
        const std::int64_t size = std::min(a.length_after(), b.length);
        const std::size_t count = out.sections_.size();
        if (a.inserted == Section::kept) {
            const std::int64_t inserted =
                b.inserted == Section::kept ? Section::kept : (b.offset != 0 ? 0 : b.inserted);
            out.add_section(size, inserted, open);
            out.add_inserted(inserted > 0 ? b.text() : std::string_view());
        } else if (b.inserted == Section::kept) {
            out.add_section(a.offset != 0 ? 0 : a.length, size, open);
            out.add_inserted(a.text_part(size));
        } else {
            out.add_section(a.offset != 0 ? 0 : a.length, b.offset != 0 ? 0 : b.inserted, open);
            out.add_inserted(b.offset != 0 ? std::string_view() : b.text());
        }
        open = (a.inserted > size || (b.inserted >= 0 && b.length > size)) &&
               (open || out.sections_.size() > count);
        a.forward_after(size);
        b.forward(size);
    }
    return out;
}

} // namespace drafting
