#include "rebase.hpp"

#include <optional>

namespace drafting {

noa::sdk::Result<std::vector<Edit>> rebase(std::vector<Edit> own, const std::vector<Edit>& over) {
    std::optional<ChangeSet> others;
    std::size_t taken = 0;
    for (const Edit& edit : over) {
        noa::sdk::Result<ChangeSet> next = edit.changes;
        if (taken < own.size() && own[taken].client == edit.client) {
            if (others) {
                next = others->map(own[taken].changes, true);
            }
            ++taken;
            if (!others) {
                continue;
            }
        } else if (others) {
            next = others->compose(edit.changes);
        }
        if (!next) {
            return next.error();
        }
        others = *std::move(next);
    }
    own.erase(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(taken));
    for (Edit& edit : own) {
        if (!others) {
            break;
        }
        auto mapped = edit.changes.map(*others, false);
        auto rest = mapped ? others->map(edit.changes, true) : mapped;
        if (!rest) {
            return rest.error();
        }
        edit.changes = *std::move(mapped);
        others = *std::move(rest);
    }
    return own;
}

} // namespace drafting
