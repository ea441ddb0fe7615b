// Whatever a client sends: what comes of it does not depend on how it was cut into pieces, and no
// byte is read that has not come. The first byte says where it is cut.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

// Parts of a plugin, which is no library.
#include "../../plugins/cache/resp/number.cpp"  // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/resp/request.cpp" // NOLINT(bugprone-suspicious-include)

namespace {

using cache::resp::RequestReader;

using Requests = std::vector<std::vector<std::string>>;

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

// What has come of `pieces`, one after the other; a fault is the last.
Requests read(const std::vector<std::string>& pieces) {
    Requests all;
    RequestReader reader;
    std::string have;
    for (const std::string& piece : pieces) {
        have.append(piece);
        for (;;) {
            const std::string exact(have); // of its own: a byte too far is seen
            const auto state = reader.read(exact);
            if (state == RequestReader::State::broken) {
                all.push_back({std::string(reader.fault())});
                return all;
            }
            if (state == RequestReader::State::incomplete) {
                check(reader.args().empty());
                break;
            }
            all.emplace_back(reader.args().begin(), reader.args().end());
            check(reader.size() > 0 && reader.size() <= have.size());
            have.erase(0, reader.size());
            reader.next();
        }
    }
    return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t cut = bytes.empty() ? 0 : data[0] % bytes.size();
    check(read({bytes}) == read({bytes.substr(0, cut), bytes.substr(cut)}));
    return 0;
}
