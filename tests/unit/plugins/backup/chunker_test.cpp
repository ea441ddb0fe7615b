#include "repository/chunker.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "go_random.hpp"
#include "repository/id.hpp"
#include "repository/polynomial.hpp"

namespace backup {
namespace {

constexpr std::uint64_t published_polynomial = 0x3DA3358B4DC173;

// What comes in steps of `step` bytes.
std::vector<std::size_t> cuts_of(const Chunker& chunker, View data, std::size_t step) {
    std::vector<std::size_t> cuts;
    while (!data.empty()) {
        std::size_t cut = 0;
        std::size_t scanned = 0;
        for (std::size_t seen = step; cut == 0 && scanned < data.size(); seen += step) {
            const View part = data.first(std::min(seen, data.size()));
            cut = chunker.cut(part, scanned);
            scanned = part.size();
        }
        cuts.push_back(cut == 0 ? data.size() : cut);
        data = data.subspan(cuts.back());
    }
    return cuts;
}

// Published with restic's chunker, for 32 MiB out of Go's math/rand with the seed 23.
const std::vector<std::size_t> published_cuts{2163460, 643703,  1528956, 1955808, 2222372, 2538687,
                                              609606,  1205738, 959742,  4036109, 1525894, 1352720,
                                              811884,  1282314, 1318021, 948640,  645464,  533758,
                                              1128303, 800374,  2453512, 2651975, 237392};

class ChunkerTest : public ::testing::Test {
protected:
    static const Bytes& published_data() {
        static const Bytes data = GoRandom(23).bytes(std::size_t{32} << 20U);
        return data;
    }
};

TEST_F(ChunkerTest, cuts_where_restic_does) {
    const Chunker chunker(published_polynomial);
    EXPECT_EQ(cuts_of(chunker, published_data(), std::size_t{512} << 10U), published_cuts);
    EXPECT_EQ(sha256(View(published_data()).first(published_cuts[0])).hex(),
              "4b94cb2cf293855ea43bf766731c74969b91aa6bf3c078719aabdd19860d590d");
}

TEST_F(ChunkerTest, cuts_alike_however_the_data_comes) {
    const Chunker chunker(published_polynomial);
    for (const std::size_t step : {std::size_t{100'003}, std::size_t{1'000'000},
                                   std::size_t{3'333'333}, published_data().size()}) {
        EXPECT_EQ(cuts_of(chunker, published_data(), step), published_cuts) << step;
    }
}

TEST_F(ChunkerTest, cuts_finer_with_fewer_bits) {
    const Chunker chunker(published_polynomial, 19);
    const std::vector<std::size_t> cuts =
        cuts_of(chunker, published_data(), std::size_t{512} << 10U);
    const std::vector<std::size_t> published{
        1491586, 671874,  643703,  1284146, 823366,  810134,  567118, 821315,
        1401057, 2311122, 608723,  980456,  1140278, 2015542, 904752, 713072,
        675937,  1525894, 1352720, 811884,  1282314, 1093738, 962003, 856384,
        533758,  1128303, 800374,  2453512, 665901,  1986074, 237392};
    EXPECT_EQ(cuts, published);
}

TEST_F(ChunkerTest, keeps_to_boundaries) {
    const Chunker wide(published_polynomial, 20, std::size_t{16} << 20U, std::size_t{32} << 20U);
    EXPECT_EQ(cuts_of(wide, published_data(), std::size_t{1} << 20U),
              (std::vector<std::size_t>{17864181, 15690251}));
    const Bytes zeroes(4 * smallest_chunk);
    EXPECT_EQ(cuts_of(Chunker(published_polynomial), zeroes, 100'000),
              std::vector<std::size_t>(4, smallest_chunk));
    // Without a cut in sight it ends at the largest size.
    const Chunker never(published_polynomial, 52);
    EXPECT_EQ(cuts_of(never, published_data(), std::size_t{1} << 20U),
              std::vector<std::size_t>(4, largest_chunk));
}

TEST(Polynomial, is_irreducible_or_not) {
    EXPECT_TRUE(is_irreducible(published_polynomial));
    EXPECT_FALSE(is_irreducible(published_polynomial ^ 2U));
    EXPECT_FALSE(is_irreducible(0));
    EXPECT_FALSE(is_irreducible(7)); // irreducible, of another degree
    const auto first = random_polynomial();
    const auto second = random_polynomial();
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(is_irreducible(*first));
    EXPECT_NE(*first, *second);
}

} // namespace
} // namespace backup
