using System.Xml.Linq;

namespace Sophia.House;

/// <summary>Holds the import arrows of docs/architecture.md: a room knows only the rooms below it.</summary>
public class ImportArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["InProcess"] = [],
        ["Grains.Interfaces"] = ["InProcess"],
        ["Grains"] = ["Grains.Interfaces"],
        ["Connectors"] = ["Grains"],
        ["Storage"] = ["Grains"],
        ["Client"] = ["Grains.Interfaces"],
        ["Silo"] = ["Client", "Connectors", "Storage"],
    };

    public static TheoryData<string> Rooms => [.. Allowed.Keys];

    [Theory, MemberData(nameof(Rooms))]
    public void A_room_references_only_the_rooms_below_it(string room)
    {
        var project = Assert.Single(Repository.Files($"src/{room}", ".csproj"));
        var referenced = XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
            .Select(e => Path.GetFileName(Path.GetDirectoryName(e.Attribute("Include")!.Value))!);
        Assert.Empty(referenced.Except(Allowed[room]));
    }

    [Fact]
    public void There_are_no_rooms_but_these()
    {
        var rooms = Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(Path.GetFileName);
        Assert.Equal(Allowed.Keys.Order(), rooms.Order());
    }

    [Theory, MemberData(nameof(Rooms))]
    public void A_room_takes_versions_from_the_central_list(string room)
    {
        var project = Assert.Single(Repository.Files($"src/{room}", ".csproj"));
        Assert.DoesNotContain("Version=", Repository.Read(project));
    }

    [Fact]
    public void The_runtime_knows_nothing_of_Sophia()
    {
        var guilty = Repository.Files("src/InProcess", ".cs").Where(f => Repository.Read(f).Contains("using Sophia") || Repository.Read(f).Contains("namespace Sophia"));
        Assert.Empty(guilty);
    }
}
