#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "file.hpp"
#include "noa/sdk/fd.hpp"

namespace cache::snapshot {

namespace {

constexpr std::size_t slice_bytes = 256U << 10U; // then others get their turn
constexpr unsigned slice_buckets = 24;           // some ten entries each
constexpr std::size_t alone_bytes = 64U << 10U;  // larger entries have a slice of their own
constexpr std::uint64_t sync_bytes = 8U << 20U;  // so that none of the syncs takes long

noa::Error failure(std::string_view what) {
    const std::string why = std::system_category().message(errno);
    return noa::failed(std::string("snapshot: ").append(what).append(": ").append(why));
}

// The file that is being written; what does not become whole is removed.
class Output {
public:
    explicit Output(std::string directory)
        : directory_(std::move(directory)), path_(directory_ + "/" + file_name + ".new") {}
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output() {
        if (file_) {
            ::unlink(path_.c_str());
        }
    }

    noa::Status open() {
        file_ = noa::sdk::Fd(
            ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
        return file_ ? write(file_head()) : noa::Status(failure("open " + path_));
    }
    noa::Status block(Kind kind, std::uint32_t count, std::string_view payload) {
        entries_ += kind == Kind::entries ? count : 0;
        return write(make_block(kind, count, blocks_++, payload));
    }
    noa::Result<Written> finish() {
        if (noa::Status ended = block(Kind::end, 0, payload_of(End{blocks_, entries_})); !ended) {
            return std::move(ended).error();
        }
        const std::string final_path = directory_ + "/" + file_name;
        if (::fsync(file_.get()) != 0 || ::rename(path_.c_str(), final_path.c_str()) != 0) {
            return failure("finish " + path_);
        }
        file_.reset(); // nothing to be removed any more
        const noa::sdk::Fd directory(
            ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!directory || ::fsync(directory.get()) != 0) {
            return failure("sync " + directory_);
        }
        return Written{0, bytes_};
    }

private:
    noa::Status write(std::string_view bytes) {
        const std::uint64_t before = bytes_;
        while (!bytes.empty()) {
            const ssize_t done = ::write(file_.get(), bytes.data(), bytes.size());
            if (done < 0 && errno == EINTR) {
                continue;
            }
            if (done < 0) {
                return failure("write " + path_);
            }
            bytes.remove_prefix(static_cast<std::size_t>(done));
            bytes_ += static_cast<std::uint64_t>(done);
        }
        if (before / sync_bytes != bytes_ / sync_bytes && ::fdatasync(file_.get()) != 0) {
            return failure("write " + path_);
        }
        return {};
    }

    std::string directory_;
    std::string path_;
    noa::sdk::Fd file_;
    std::uint64_t blocks_ = 0;
    std::uint64_t entries_ = 0;
    std::uint64_t bytes_ = 0;
};

// Entries of one hold of the store.
class Slice {
public:
    void add(const Shown& shown, const Moment& at) {
        spaces_ |= std::uint64_t{1} << shown.space;
        std::int64_t end_ms = 0;
        if (shown.value.end) {
            end_ms = std::max<std::int64_t>(1, at.wall_ms + (*shown.value.end - at.now).count());
        }
        append(entries_, {shown.space, shown.key, shown.value, shown.marks, end_ms});
        ++count_;
    }
    // In the hold, behind the last entry: the names are of this moment.
    void name(const Store& store) {
        static_assert(most_spaces == 64);
        for (std::size_t number = 0; number < most_spaces; ++number) {
            if ((spaces_ >> number & 1U) != 0) {
                const auto space = store.figures(static_cast<SpaceId>(number));
                names_ += static_cast<char>(number);
                names_ += static_cast<char>(space->name.size());
                names_ += space->name;
            }
        }
        names_.append(2, '\0');
    }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    [[nodiscard]] std::string payload() const { return names_ + entries_; }

private:
    std::string names_;
    std::string entries_;
    std::uint64_t spaces_ = 0;
    std::uint32_t count_ = 0;
};

struct Large {
    SpaceId space;
    std::string key;
};

std::uint64_t take_slice(const Store& store, std::uint64_t cursor, const Moment& at, Slice& slice,
                         std::vector<Large>& large) {
    for (unsigned left = slice_buckets; left > 0 && slice.size() < slice_bytes; --left) {
        cursor = store.scan_all(cursor, at.now, [&](const Shown& shown) {
            if (shown.bytes > alone_bytes) {
                large.push_back({shown.space, std::string(shown.key)});
            } else {
                slice.add(shown, at);
            }
        });
        if (cursor == 0) {
            break;
        }
    }
    slice.name(store);
    return cursor;
}

noa::Status write_slice(Output& out, const Slice& slice) {
    return slice.count() == 0 ? noa::Status()
                              : out.block(Kind::entries, slice.count(), slice.payload());
}

noa::Status write_large(Output& out, Shared<Opened>& shared, const Clock& clock,
                        const std::vector<Large>& large) {
    for (const Large& one : large) {
        Slice slice;
        shared.with([&](const Opened& kept) {
            const Moment at = clock();
            if (const auto shown = kept.store->show(one.space, one.key, at.now)) {
                slice.add(*shown, at);
            }
            slice.name(*kept.store);
        });
        if (noa::Status written = write_slice(out, slice); !written) {
            return written;
        }
    }
    return {};
}

noa::Status write_entries(Output& out, Shared<Opened>& shared, const Clock& clock,
                          const std::stop_token& stop) {
    std::uint64_t cursor = 0;
    do {
        if (stop.stop_requested()) {
            return noa::failed("snapshot: the agent stops");
        }
        Slice slice;
        std::vector<Large> large;
        cursor = shared.with([&](const Opened& kept) {
            return take_slice(*kept.store, cursor, clock(), slice, large);
        });
        noa::Status written = write_slice(out, slice);
        written = written ? write_large(out, shared, clock, large) : written;
        if (!written) {
            return written;
        }
    } while (cursor != 0);
    return {};
}

} // namespace

noa::Result<Written> write(const std::string& directory, Shared<Opened>& shared, const Clock& clock,
                           const std::stop_token& stop) {
    Output out(directory);
    noa::Status written = out.open();
    if (written) {
        const Head head = shared.with([&](const Opened& kept) {
            return Head{clock().wall_ms, kept.store->seed()};
        });
        written = out.block(Kind::head, 0, payload_of(head));
    }
    written = written ? write_entries(out, shared, clock, stop) : written;
    if (written) {
        // Behind the entries: what was invalidated while they were written is dead by these.
        const auto counts =
            shared.with([](const Opened& kept) { return std::string(kept.store->tag_counts()); });
        written = counts.empty() ? written : out.block(Kind::tags, 0, counts);
    }
    auto whole = written ? out.finish() : noa::Result<Written>(std::move(written).error());
    if (whole) { // a scan shows some twice
        whole->entries = shared.with([](const Opened& kept) { return kept.store->entries(); });
    }
    return whole;
}

} // namespace cache::snapshot
