using System.Text.RegularExpressions;

namespace Sophia.House;

/// <summary>Keeps the documents true: every mission id has its row, every path and link leads somewhere, every ADR is in the index.</summary>
public partial class DocumentTests
{
    private static readonly Dictionary<char, int> MissionIds = new()
    {
        ['P'] = 10, ['Q'] = 4, ['K'] = 9, ['X'] = 8, ['R'] = 9, ['C'] = 8, ['S'] = 9, ['O'] = 14, ['D'] = 3,
    };

    [Fact]
    public void Every_feature_of_the_mission_has_exactly_one_row()
    {
        var rows = FeatureRow().Matches(Repository.Read("docs/features.md")).Select(m => m.Groups[1].Value).ToList();
        var wanted = MissionIds.SelectMany(area => Enumerable.Range(1, area.Value).Select(n => $"{area.Key}{n}"));
        Assert.Equal(wanted.Order(), rows.Order());
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/features.md")]
    [InlineData("docs/architecture.md")]
    [InlineData("docs/bad-input.md")]
    [InlineData("docs/hub.md")]
    public void Documents_name_only_what_is_there(string document)
    {
        var gone = PathInText().Matches(Repository.Read(document)).Select(m => m.Value.TrimEnd('.', ',')).Distinct()
            .Where(p => !Path.Exists(Path.Combine(Repository.Root, p)));
        Assert.Empty(gone);
    }

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var broken = from file in Repository.Files("", ".md")
                     from Match link in RelativeLink().Matches(Repository.Read(file))
                     let target = Path.Combine(Repository.Root, Path.GetDirectoryName(file)!, link.Groups[1].Value)
                     where !Path.Exists(target)
                     select $"{file} -> {link.Groups[1].Value}";
        Assert.Empty(broken);
    }

    [Fact]
    public void Every_decision_is_in_the_index()
    {
        var index = Repository.Read("docs/adr/README.md");
        Assert.Empty(Repository.Files("docs/adr", ".md").Select(Path.GetFileName).Where(f => f != "README.md" && !index.Contains(f!)));
    }

    [Fact]
    public void Every_variable_that_the_program_reads_is_in_the_example()
    {
        var example = Repository.Read(".env.example");
        var read = Repository.Files("src", ".cs").SelectMany(f => Variable().Matches(Repository.Read(f)).Select(m => m.Groups[1].Value)).Distinct();
        Assert.Empty(read.Where(name => name != SetByTheCommand && !example.Contains($"#{name}=")));
    }

    /// <summary>Where the repository lies: the command "sophia" tells it to the program.</summary>
    private const string SetByTheCommand = "SOPHIA_ROOT";

    [GeneratedRegex(@"^\| ([PQKXRCSOD]\d+) \|", RegexOptions.Multiline)]
    private static partial Regex FeatureRow();

    [GeneratedRegex(@"\b(src|tests|bench|deploy|docs|samples)/[A-Za-z0-9_./-]+")]
    private static partial Regex PathInText();

    [GeneratedRegex("\"(SOPHIA_[A-Z_]+)\"")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex RelativeLink();
}
