using System.Globalization;
using Sophia.Log;

namespace Sophia.Operations;

public sealed class DataFolderTests : IDisposable
{
    private readonly string root = Path.Combine(Path.GetTempPath(), "sophia-folder-" + Path.GetRandomFileName());

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_new_folder_says_its_version_and_opens_again()
    {
        using (DataFolder.Open(root))
            Assert.Equal($"{DataFolder.CurrentVersion}\n", File.ReadAllText(Path.Combine(root, "VERSION")));
        using var again = DataFolder.Open(root);
        Assert.Empty(again.Tenants());
    }

    [Fact]
    public void A_folder_in_use_is_refused_with_the_process_that_holds_it()
    {
        using var held = DataFolder.Open(root);
        var refused = Assert.Throws<StorageException>(() => DataFolder.Open(root));
        Assert.Equal(StorageFault.Locked, refused.Fault);
        Assert.Contains($"process {Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}", refused.Message);
    }

    [Theory]
    [InlineData("2", StorageFault.NewerFormat)]
    [InlineData("one", StorageFault.Corrupt)]
    [InlineData("", StorageFault.Corrupt)]
    public void A_newer_or_unreadable_version_is_refused_and_leaves_the_folder_free(string version, StorageFault fault)
    {
        using (DataFolder.Open(root))
            File.WriteAllText(Path.Combine(root, "VERSION"), version);
        Assert.Equal(fault, Assert.Throws<StorageException>(() => DataFolder.Open(root)).Fault);
        File.WriteAllText(Path.Combine(root, "VERSION"), "1");
        DataFolder.Open(root).Dispose();
    }

    [Theory]
    [InlineData("platform.db", 0x536F5050)]
    [InlineData("tenants/acme/log.db", 0x536F504C)]
    [InlineData("tenants/acme/index.db", 0x536F4978)]
    public void A_file_of_a_newer_format_is_refused_by_name_before_anything_is_opened_and_leaves_the_folder_free(string name, int application)
    {
        var path = Made(name, $"PRAGMA application_id={application}; PRAGMA user_version=99; CREATE TABLE x(y)");
        var refused = Assert.Throws<StorageException>(() => DataFolder.Open(root));
        Assert.Equal(StorageFault.NewerFormat, refused.Fault);
        Assert.StartsWith($"{path} has format 99; this Sophia knows formats up to ", refused.Message);
        Assert.EndsWith("Use a newer Sophia.", refused.Message);
        File.Delete(path);
        DataFolder.Open(root).Dispose();
    }

    [Fact]
    public void What_is_no_file_of_this_program_keeps_the_folder_from_nobody()
    {
        Made("tenants/acme/log.db", "PRAGMA application_id=7; PRAGMA user_version=99; CREATE TABLE x(y)");
        File.WriteAllText(Path.Combine(root, "tenants", "acme", "index.db"), new string('x', 8_192));
        File.WriteAllText(Path.Combine(root, "platform.db"), "short");
        DataFolder.Open(root).Dispose();
    }

    private string Made(string name, string script)
    {
        var path = Path.Combine(root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new Sqlite.DatabaseConnection(path, readOnly: false, null);
        file.Execute(script);
        return path;
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_unreachable()
    {
        Directory.CreateDirectory(root);
        File.WriteAllText(Path.Combine(root, "file"), "");
        Assert.Equal(StorageFault.Unreachable, Assert.Throws<StorageException>(() => DataFolder.Open(Path.Combine(root, "file", "below"))).Fault);
    }
}
