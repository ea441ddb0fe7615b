// Which blobs the snapshots of a repository need: a bit each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../repository/repository.hpp"
#include "progress.hpp"

namespace backup {

class Usage {
public:
    // By position in the index, as it is loaded.
    [[nodiscard]] bool used(std::size_t position) const {
        return position < used_.size() && used_[position];
    }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    // `missing(what, where)` for what is needed and in no index, or a tree that cannot be read;
    // what is under it is unknown then.
    using Missing = std::function<void(std::string what, std::string why)>;
    [[nodiscard]] noa::sdk::Status add(Repository& repository, const Snapshot& snapshot,
                                       const Missing& missing);

private:
    bool mark(Index& index, const Id& id, BlobKind kind, bool& ret_fresh);

    std::vector<bool> used_;
    std::uint64_t count_ = 0;
};

} // namespace backup
