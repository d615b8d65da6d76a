import { boot } from "../lib/boot";
import { makeInstallable } from "../me/install";
import { VolunteerPage } from "../me/page";

new VolunteerPage(boot().number).start();
makeInstallable();
