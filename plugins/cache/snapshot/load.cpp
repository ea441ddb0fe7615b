#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "file.hpp"
#include "noa/sdk/fd.hpp"

namespace cache::snapshot {

namespace {

constexpr std::uint64_t asked_every = 4096; // entries

noa::Error unusable(std::string_view why) {
    return noa::invalid(std::string("the snapshot ").append(why));
}

// The blocks, in order, each with its hash checked.
class Blocks {
public:
    explicit Blocks(const Source& source) : source_(source) {}

    struct Block {
        BlockHead head;
        std::string_view payload; // until the next one
    };
    noa::Result<Block> next() {
        std::array<char, block_head_bytes> bytes; // NOLINT(cppcoreguidelines-pro-type-member-init)
        if (left() < bytes.size()) {
            return unusable("is cut short");
        }
        if (!source_.read(offset_, bytes.data(), bytes.size())) {
            return unusable("cannot be read");
        }
        offset_ += bytes.size();
        const auto head = block_head_of({bytes.data(), bytes.size()});
        if (!head) {
            return unusable("is damaged");
        }
        if (head->size > left()) {
            return unusable("is cut short");
        }
        payload_.resize(head->size);
        if (!source_.read(offset_, payload_.data(), payload_.size())) {
            return unusable("cannot be read");
        }
        offset_ += payload_.size();
        if (!holds(*head, number_, payload_)) {
            return unusable("is damaged");
        }
        ++number_;
        return Block{*head, payload_};
    }
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
    [[nodiscard]] std::uint64_t left() const noexcept { return source_.size - offset_; }

private:
    const Source& source_;
    std::uint64_t offset_ = file_head_bytes;
    std::uint64_t number_ = 0;
    std::string payload_;
};

// What a look at all of it finds.
struct Outline {
    Head head;
    std::string tags;
};

bool is_well_formed(const Blocks::Block& block) {
    EntriesReader in(block.payload);
    std::vector<std::pair<SpaceId, std::string_view>> spaces;
    bool whole = in.spaces(spaces);
    for (std::uint32_t left = block.head.count; whole && left > 0; --left) {
        const auto entry = in.next();
        whole = entry &&
                std::ranges::find(spaces, entry->space,
                                  &std::pair<SpaceId, std::string_view>::first) != spaces.end();
    }
    return whole && in.at_end();
}

noa::Result<Outline> look_through(const Source& source) {
    std::array<char, file_head_bytes> bytes{};
    const bool read = source.size >= bytes.size() && source.read(0, bytes.data(), bytes.size());
    if (const auto fault = fault_of_file_head({bytes.data(), read ? bytes.size() : 0});
        !fault.empty()) {
        return unusable(fault);
    }
    Outline outline;
    std::uint64_t entries = 0;
    for (Blocks blocks(source);;) {
        const auto block = blocks.next();
        if (!block) {
            return block.error();
        }
        const bool first = blocks.number() == 1;
        const auto head = head_of(block->payload);
        const auto end = end_of(block->payload);
        bool whole = first == (block->head.kind == Kind::head);
        switch (block->head.kind) {
        case Kind::head:
            whole = whole && head;
            outline.head = head.value_or(Head());
            break;
        case Kind::entries:
            whole = whole && is_well_formed(*block);
            entries += block->head.count;
            break;
        case Kind::tags: outline.tags = block->payload; break;
        case Kind::end:
            whole = whole && end && end->blocks + 1 == blocks.number() && end->entries == entries &&
                    blocks.left() == 0;
            break;
        }
        if (!whole) {
            return unusable("is malformed");
        }
        if (block->head.kind == Kind::end) {
            return outline;
        }
    }
}

class Loading {
public:
    Loading(Store& store, const Moment& at, const std::function<bool()>& enough)
        : store_(store), at_(at), enough_(enough) {}

    void take(const Blocks::Block& block) {
        EntriesReader in(block.payload);
        std::vector<std::pair<SpaceId, std::string_view>> names;
        in.spaces(names);
        std::array<std::optional<SpaceId>, most_spaces> spaces;
        for (const auto& [number, name] : names) {
            spaces[number] = store_.make_space(name);
        }
        for (std::uint32_t left = block.head.count; left > 0; --left) {
            take(*in.next(), spaces);
        }
    }
    Loaded loaded;

private:
    void take(const Entry& entry, const std::array<std::optional<SpaceId>, most_spaces>& spaces) {
        if (++seen_ % asked_every == 0) {
            over_ = over_ || enough_();
        }
        const auto space = spaces[entry.space];
        SetOptions options{.type = entry.value.type,
                           .marks = entry.marks,
                           .load_ms = entry.value.load_ms,
                           .grace_ms = static_cast<std::uint32_t>(entry.value.grace.count())};
        if (entry.end_ms != 0) {
            const std::int64_t left = entry.end_ms - at_.wall_ms;
            if (left <= 0) {
                ++loaded.expired;
                return;
            }
            options.end = at_.now + Instant(left);
        }
        const bool taken =
            !over_ && space && store_.are_marks(entry.marks) &&
            store_.set(*space, entry.key, entry.value.bytes, options, at_.now) == Stored::yes;
        loaded.left_out += taken ? 0 : 1;
    }

    Store& store_;
    const Moment& at_;
    const std::function<bool()>& enough_;
    std::uint64_t seen_ = 0;
    bool over_ = false;
};

} // namespace

noa::Result<Loaded> load(const Source& source, Store& store, const Moment& at,
                         const std::function<bool()>& enough) {
    const auto outline = look_through(source);
    if (!outline) {
        return outline.error();
    }
    if (!store.adopt_tags(outline->head.seed, outline->tags)) {
        return unusable("does not fit this store");
    }
    Loading loading(store, at, enough);
    loading.loaded.written_ms = outline->head.written_ms;
    for (Blocks blocks(source);;) {
        const auto block = blocks.next();
        if (!block) {
            return block.error();
        }
        if (block->head.kind == Kind::end) {
            loading.loaded.entries = store.entries();
            return loading.loaded;
        }
        if (block->head.kind == Kind::entries) {
            if (!is_well_formed(*block)) { // changed since the look
                return unusable("is malformed");
            }
            loading.take(*block);
        }
    }
}

namespace {

// What `file` is opened with lives as long as the source.
noa::Result<Source> source_of(const std::string& path, noa::sdk::Fd& file) {
    file = noa::sdk::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file && errno == ENOENT) {
        return noa::not_found("there is no snapshot");
    }
    struct stat facts {};
    if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return unusable("cannot be opened: " + std::system_category().message(errno));
    }
    const auto read = [fd = file.get()](std::uint64_t offset, char* into, std::size_t size) {
        while (size > 0) {
            const ssize_t got = ::pread(fd, into, size, static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                return false;
            }
            into += got;
            offset += static_cast<std::uint64_t>(got);
            size -= static_cast<std::size_t>(got);
        }
        return true;
    };
    return Source{read, static_cast<std::uint64_t>(facts.st_size)};
}

} // namespace

noa::Status check(const std::string& directory) {
    noa::sdk::Fd file;
    const auto source = source_of(directory + "/" + file_name, file);
    if (!source) {
        return source.error().status == NOA_E_NOT_FOUND ? noa::Status() : source.error();
    }
    const auto outline = look_through(*source);
    return outline ? noa::Status() : outline.error();
}

noa::Result<Loaded> load(const std::string& directory, Store& store, const Moment& at,
                         const std::function<bool()>& enough) {
    const std::string path = directory + "/" + file_name;
    noa::sdk::Fd file;
    const auto source = source_of(path, file);
    if (!source && source.error().status == NOA_E_NOT_FOUND) {
        return source.error();
    }
    auto loaded = source ? load(*source, store, at, enough) : source.error();
    if (!loaded) {
        static_cast<void>(::rename(path.c_str(), (directory + "/" + aside_name).c_str()));
    }
    return loaded;
}

} // namespace cache::snapshot
