using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Storage;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Quality;

namespace Sophia;

public sealed class StorageServicesTests
{
    [Fact]
    public async Task One_line_puts_every_store_together()
    {
        var root = Path.Combine(Path.GetTempPath(), "sophia-services-" + Path.GetRandomFileName());
        await using (var provider = new ServiceCollection().AddLogging().AddSophiaStorage(options => options.DataFolder = root).BuildServiceProvider())
        {
            Assert.Equal(0, await provider.GetRequiredService<ILogStore>().Head(Tenants.TenantId.Parse("acme"), default));
            _ = provider.GetRequiredService<IRunStore>();
            _ = provider.GetRequiredService<IQuarantineStore>();
            _ = provider.GetRequiredService<IReminderTable>();
            _ = provider.GetRequiredKeyedService<IGrainStorage>(Stores.Durable);
            _ = provider.GetRequiredKeyedService<IGrainStorage>(Stores.Fast);
        }
        Directory.Delete(root, recursive: true);
    }

    [Theory]
    [InlineData(0, 4_096)]
    [InlineData(256, 5_000)]
    public void An_option_out_of_range_is_refused_at_start(int openFiles, int pageBytes)
    {
        using var provider = new ServiceCollection().AddSophiaStorage(options => (options.OpenFiles, options.PageBytes) = (openFiles, pageBytes)).BuildServiceProvider();
        Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
    }

    [Fact]
    public void The_library_in_use_is_the_bundled_one_or_newer()
    {
        var version = Version.Parse(Sqlite.SqliteLibrary.Version);
        Assert.True(version >= new Version(3, 35, 5), version.ToString());
        if (Environment.GetEnvironmentVariable("SOPHIA_SQLITE") == "bundled")
            Assert.Equal(new Version(3, 35, 5), version);
    }
}
