import { openStore, Shelf } from "muster-client";
import { boot } from "../lib/boot";
import { makeInstallable } from "../me/install";
import { VolunteerPage } from "../me/page";

async function start(number: string): Promise<void> {
  new VolunteerPage(number, await Shelf.open(await openStore(), number)).start();
}

void start(boot().number);
makeInstallable();
