#include "repair.hpp"

#include <unordered_set>

#include "../repository/blob_writer.hpp"
#include "prune.hpp"

namespace backup {

namespace {

class Repair {
public:
    Repair(Repository& repository, Repository* spare, Progress& progress,
           const std::stop_token& stop)
        : repository_(repository), spare_(spare), progress_(progress), stop_(stop) {}

    noa::sdk::Result<RepairReport> run() {
        for (const auto step :
             {&Repair::find_bad, &Repair::leave_out, &Repair::save, &Repair::replace}) {
            if (stop_.stop_requested()) {
                return interrupted();
            }
            if (noa::sdk::Status done = (this->*step)(); !done) {
                return done.error();
            }
            if (bad_.empty()) {
                break;
            }
        }
        return std::move(report_);
    }

private:
    noa::sdk::Status find_bad() {
        Progress found;
        auto checked = check(repository_, {.part = 0, .parts = 1}, found, stop_);
        if (!checked) {
            return checked.error();
        }
        bad_.insert(checked->bad_packs.begin(), checked->bad_packs.end());
        report_.bad_packs = bad_.size();
        report_.lost = std::move(checked->lost);
        const auto files = repository_.store().list(FileKind::index);
        if (!files) {
            return files.error();
        }
        for (const StoredFile& file : *files) {
            old_index_.push_back(file.id);
        }
        return {};
    }

    // The index in memory loses the bad packs: what is in them only is not there for the writer.
    noa::sdk::Status leave_out() {
        Index whole;
        const std::unique_lock lock(repository_.index_mutex());
        const Index& index = repository_.index();
        index.each(0, index.size(), [&](std::size_t, std::uint32_t number, const PackedBlob& blob) {
            const Id& pack = index.packs()[number];
            if (bad_.contains(pack)) {
                doubtful_.push_back({pack, blob});
            } else {
                whole.add(whole.pack_number(pack), blob);
            }
        });
        repository_.index() = std::move(whole);
        return {};
    }

    noa::sdk::Status save() {
        auto reader = BlobReader::make(repository_);
        auto spare = spare_ != nullptr ? BlobReader::make(*spare_) : BlobReader::make(repository_);
        BlobWriter writer(repository_);
        writer.leave_index();
        auto forge = writer.forge();
        if (!reader || !spare || !forge) {
            return !reader ? reader.error() : !spare ? spare.error() : forge.error();
        }
        for (const Location& from : doubtful_) {
            if (stop_.stop_requested()) {
                return interrupted();
            }
            if (repository_.find(from.blob.id, from.blob.kind)) {
                continue;
            }
            auto plain = reader->read(from);
            const bool own = plain.has_value();
            if (!own && spare_ != nullptr) {
                plain = spare->read(from.blob.id, from.blob.kind);
            }
            if (!plain) {
                report_.missing_blobs += 1;
                continue;
            }
            if (const auto saved = writer.save(from.blob.kind, from.blob.id, *plain, *forge);
                !saved) {
                return saved.error();
            }
            (own ? report_.saved_blobs : report_.fetched_blobs) += 1;
            progress_.bytes += plain->size();
        }
        return writer.close_packs();
    }

    noa::sdk::Status replace() {
        if (noa::sdk::Status replaced = replace_index(repository_, old_index_); !replaced) {
            return replaced;
        }
        for (const Id& pack : bad_) {
            const FileName name{FileKind::data, pack};
            if (!repository_.store().size(name)) {
                continue; // it was missing
            }
            if (noa::sdk::Status gone = repository_.store().remove(name); !gone) {
                return gone;
            }
        }
        return repository_.load_index();
    }

    Repository& repository_;
    Repository* spare_;
    Progress& progress_;
    const std::stop_token& stop_;
    std::unordered_set<Id, IdHash> bad_; // packs
    std::vector<Location> doubtful_;
    std::vector<Id> old_index_;
    RepairReport report_;
};

} // namespace

noa::sdk::Result<RepairReport> repair(Repository& repository, Repository* spare, Progress& progress,
                                      const std::stop_token& stop) {
    return Repair(repository, spare, progress, stop).run();
}

} // namespace backup
